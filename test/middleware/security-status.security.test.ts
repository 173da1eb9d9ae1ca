import { expect } from 'chai'
import express5 from 'express'
import type { Express } from 'express'
import express4 from 'express4'
import { afterEach, describe, it } from 'mocha'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request as httpRequest } from 'node:http'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'

import { createSecureCache } from '../../lib/index.js'
import { securityStatus } from '../../middleware/index.js'
import type { SecurityStatusOptions } from '../../middleware/index.js'

const TOKEN = 'right-token-0123456789-0123456789-0123'
const WRONG = 'wrong-token-0123456789-0123456789-0123'
const MEMORY = {
  CACHE_BACKEND: 'memory',
  CACHE_UNSAFE_MEMORY: 'true',
  REDIS_ENCRYPTION_KEY: randomBytes(32).toString('hex'),
}
/** Routes that show something. */
const CLOSED = ['/', '/status', '/events', '/metrics'] as const

const versions: Readonly<Record<string, () => Express>> = { 'Express 4': express4, 'Express 5': express5 }

for (const [version, express] of Object.entries(versions)) {
  describe(`who may see the security status, on ${version}`, () => {
    const opened: { close(): Promise<unknown> }[] = []

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((one) => one.close()))
    })

    function application(
      env: Readonly<Record<string, string>>,
      { prefix = '/security', ...options }: SecurityStatusOptions & { readonly prefix?: string } = {},
    ): Express {
      const cache = createSecureCache({ env: { ...MEMORY, ...env }, logger: false })
      opened.push(cache)
      const app = express()
      // What an application behind a proxy sets; none of it may be believed here.
      app.set('trust proxy', true)
      app.use(prefix, securityStatus({ cache, ...options }))
      return app
    }

    async function listening(http: Server): Promise<{ readonly port: number }> {
      http.listen(0)
      await once(http, 'listening')
      opened.push({
        close: async () => {
          http.closeAllConnections()
          http.close()
          await once(http, 'close')
        },
      })
      return { port: (http.address() as AddressInfo).port }
    }

    const guarded = (options: SecurityStatusOptions = {}): Express =>
      application({ SECURITY_STATUS_TOKEN: TOKEN, NODE_ENV: 'production' }, options)

    for (const route of CLOSED) {
      it(`${route} answers 401 without a token, 401 to a wrong one and 200 to the right one`, async () => {
        const app = guarded()
        const without = await request(app).get(`/security${route}`)
        expect(without.status).to.equal(401)
        expect(without.headers['www-authenticate']).to.equal('Bearer realm="security status"')
        const wrong = await request(app).get(`/security${route}`).set('Authorization', `Bearer ${WRONG}`)
        expect(wrong.status).to.equal(401)
        expect(wrong.headers['www-authenticate']).to.include('error="invalid_token"')
        const right = await request(app).get(`/security${route}`).set('Authorization', `Bearer ${TOKEN}`)
        expect(right.status).to.equal(200)
        for (const { text } of [without, wrong])
          expect(Object.keys(JSON.parse(text))).to.deep.equal(['error'])
      })
    }

    const credentials: readonly (readonly [string, string, number])[] = [
      ['the scheme in any case', `bearer ${TOKEN}`, 200],
      ['spaces around the token', `Bearer   ${TOKEN}  `, 200],
      ['a token without its scheme', TOKEN, 401],
      ['another scheme', `Basic ${Buffer.from(`x:${TOKEN}`).toString('base64')}`, 401],
      ['an empty token', 'Bearer ', 401],
      ['the beginning of the token', `Bearer ${TOKEN.slice(0, -1)}`, 401],
      ['the token and more', `Bearer ${TOKEN}x`, 401],
      ['the token twice', `Bearer ${TOKEN}, Bearer ${TOKEN}`, 401],
      ['the token in other letters', `Bearer ${TOKEN.toUpperCase()}`, 401],
      ['a token of 8 KiB', `Bearer ${'x'.repeat(8192)}`, 401],
    ]
    for (const [what, authorization, status] of credentials) {
      it(`answers ${String(status)} to ${what}`, async () => {
        const answer = await request(guarded()).get('/security/status').set('Authorization', authorization)
        expect(answer.status).to.equal(status)
      })
    }

    it('does not take the token from the address, a cookie or another header', async () => {
      const answer = await request(guarded())
        .get(`/security/status?token=${TOKEN}&access_token=${TOKEN}`)
        .set('Cookie', `token=${TOKEN}`)
        .set('X-Authorization', `Bearer ${TOKEN}`)
      expect(answer.status).to.equal(401)
    })

    it('limits wrong tokens of one address, and never the right one', async () => {
      const count = version === 'Express 5' ? 10_000 : 100
      const { port } = await listening(createServer(guarded()))
      const wrong = Array.from({ length: count }, (_, index) => `${WRONG}-${String(index)}`)
      const answers = await pipelined(port, [...wrong, TOKEN, WRONG, TOKEN])
      const refused = answers.slice(0, count)
      expect(refused.filter((status) => status === 401).length).to.be.at.most(10)
      expect(refused.every((status) => status === 401 || status === 429)).to.equal(true)
      expect(answers.slice(count)).to.deep.equal([200, 429, 200])
    }).timeout(60_000)

    it('tells nobody through the page whether a token is right', async () => {
      const app = guarded()
      const page = async (authorization: string): Promise<string> =>
        (await request(app).get('/security').set({ Accept: 'text/html', Authorization: authorization })).text
      const [right, wrong] = [await page(`Bearer ${TOKEN}`), await page(`Bearer ${WRONG}`)]
      expect(right).to.equal(wrong).and.to.include('data-access="no_token"')
    })

    it('does not count requests without a token as wrong tokens', async () => {
      const app = guarded()
      for (let again = 0; again < 30; again += 1) {
        expect((await request(app).get('/security/status')).status).to.equal(401)
      }
    })

    it('counts wrong tokens by the socket, whatever the sender claims to be', async () => {
      const app = guarded()
      const statuses: number[] = []
      for (let sender = 0; sender < 12; sender += 1) {
        const answer = await request(app)
          .get('/security/status')
          .set('Authorization', `Bearer ${WRONG}`)
          .set('X-Forwarded-For', `203.0.113.${String(sender)}`)
        statuses.push(answer.status)
      }
      expect(statuses.slice(-2)).to.deep.equal([429, 429])
    })

    const asked: readonly (readonly [string, SecurityStatusOptions['authorize'], number])[] = [
      ['says yes', () => true, 200],
      ['says yes later', () => Promise.resolve(true), 200],
      ['says no', () => false, 403],
      ['throws', () => fails(), 403],
      ['rejects', () => Promise.reject(new Error('no')), 403],
      ['answers with what merely looks true', () => 'yes' as never, 403],
    ]
    for (const [what, authorize, status] of asked) {
      it(`answers ${String(status)} where authorize ${what}`, async () => {
        const app = application({ NODE_ENV: 'production' }, { authorize })
        const answer = await request(app).get('/security/status')
        expect(answer.status).to.equal(status)
        expect(answer.text).to.not.include('no reason')
      })
    }

    it('lets in either by token or by authorize where both are given', async () => {
      const app = guarded({ authorize: (req) => req.get('X-Role') === 'admin' })
      const get = () => request(app).get('/security/status')
      expect((await get().set('Authorization', `Bearer ${TOKEN}`)).status).to.equal(200)
      expect((await get().set('X-Role', 'admin')).status).to.equal(200)
      expect((await get()).status).to.equal(401)
    })

    const environments: readonly (readonly [string | undefined, number])[] = [
      ['development', 200],
      ['test', 200],
      ['production', 503],
      ['staging', 503],
      ['dev', 503],
      [undefined, 503],
    ]
    for (const [environment, status] of environments) {
      it(`answers ${String(status)} on this machine without a token where NODE_ENV is ${String(environment)}`, async () => {
        const app = application(environment === undefined ? {} : { NODE_ENV: environment })
        const answer = await request(app).get('/security/status')
        expect(answer.status).to.equal(status)
        if (status === 503) expect(answer.text).to.include('SECURITY_STATUS_TOKEN')
      })
    }

    const claims: readonly (readonly [string, Readonly<Record<string, string>>, number])[] = [
      ['Host: localhost', { Host: 'localhost' }, 200],
      ['Host: localhost:3000', { Host: 'localhost:3000' }, 200],
      ['Host: LOCALHOST', { Host: 'LOCALHOST' }, 200],
      ['Host: 127.0.0.1:8080', { Host: '127.0.0.1:8080' }, 200],
      ['Host: [::1]:3000', { Host: '[::1]:3000' }, 200],
      ['Host: evil.example', { Host: 'evil.example' }, 503],
      ['Host: localhost.evil.example', { Host: 'localhost.evil.example' }, 503],
      ['Host: 127.0.0.1.nip.io', { Host: '127.0.0.1.nip.io' }, 503],
      ['Host: localhost:3000@evil.example', { Host: 'localhost:3000@evil.example' }, 503],
      ['Forwarded', { Forwarded: 'for=127.0.0.1' }, 503],
      ['X-Forwarded-For', { 'X-Forwarded-For': '127.0.0.1' }, 503],
      ['X-Forwarded-Host', { 'X-Forwarded-Host': 'localhost' }, 503],
      ['X-Forwarded-Anything', { 'X-Forwarded-Anything': '1' }, 503],
      ['an empty X-Forwarded-For', { 'X-Forwarded-For': '' }, 503],
      ['Via', { Via: '1.1 proxy' }, 503],
      ['X-Real-IP', { 'X-Real-IP': '127.0.0.1' }, 503],
    ]
    for (const [what, headers, status] of claims) {
      it(`answers ${String(status)} without a token in development with ${what}`, async () => {
        const app = application({ NODE_ENV: 'development' })
        const server = await listening(createServer(app))
        expect(await statusOf(server.port, headers)).to.equal(status)
      })
    }

    for (const route of [...CLOSED, '/stream']) {
      it(`${route} is asked through a proxy on the same host as directly: 401, 401 and 200`, async () => {
        const behind = await listening(createServer(guarded()))
        const { port } = await listening(proxyTo(behind.port))
        const path = `/security${route}`
        // Whatever the sender claims about himself, the token decides.
        const forged = { Host: 'localhost', 'X-Forwarded-For': '127.0.0.1', Forwarded: 'for=127.0.0.1' }
        expect(await statusOf(port, forged, { path })).to.equal(401)
        expect(await statusOf(port, { ...forged, Authorization: `Bearer ${WRONG}` }, { path })).to.equal(401)
        expect(await statusOf(port, { ...forged, Authorization: `Bearer ${TOKEN}` }, { path })).to.equal(200)
      })
    }

    it('is closed to everybody behind a proxy on the same host in development without a token', async () => {
      const behind = await listening(createServer(application({ NODE_ENV: 'development' })))
      const { port } = await listening(proxyTo(behind.port))
      for (const Host of ['localhost', '127.0.0.1', 'shop.example']) {
        expect(await statusOf(port, { Host })).to.equal(503)
      }
      expect(await statusOf(port, {}, { path: '/security/health' })).to.equal(200)
    })

    it('answers the right token through a proxy that also brings many wrong ones', async () => {
      const behind = await listening(createServer(guarded()))
      const { port } = await listening(proxyTo(behind.port))
      const guess = (index: number) =>
        statusOf(port, {
          Authorization: `Bearer ${WRONG}${String(index)}`,
          'X-Real-IP': `10.0.0.${String(index)}`,
        })
      const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => guess(index)))
      expect(answers.filter((status) => status === 401)).to.have.length(10)
      expect(await statusOf(port, { Authorization: `Bearer ${TOKEN}` })).to.equal(200)
    })

    it('asks for the token also in development once there is one', async () => {
      const app = application({ NODE_ENV: 'development', SECURITY_STATUS_TOKEN: TOKEN })
      expect((await request(app).get('/security/status')).status).to.equal(401)
    })

    const written: readonly (readonly [string, string])[] = [
      ['over HTTP/1.0, as proxies do', 'GET /security/status HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n'],
      ['with an empty Host', 'GET /security/status HTTP/1.1\r\nHost:\r\n\r\n'],
    ]
    for (const [what, text] of written) {
      it(`answers 503 without a token in development to a request ${what}`, async () => {
        const server = await listening(createServer(application({ NODE_ENV: 'development' })))
        const socket = connect(server.port, '127.0.0.1')
        socket.write(text)
        const [first] = (await once(socket, 'data')) as [Buffer]
        socket.destroy()
        expect(first.toString()).to.match(/^HTTP\/1\.1 503/)
      })
    }

    it('takes a unix socket for that of a proxy', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'secure-cache-status-'))
      const path = join(folder, 'http.sock')
      const server = createServer(application({ NODE_ENV: 'development' })).listen(path)
      await once(server, 'listening')
      const status = await new Promise((resolve, reject) => {
        httpRequest({ socketPath: path, path: '/security/status', headers: { Host: 'localhost' } }, (res) => {
          res.resume()
          resolve(res.statusCode)
        })
          .on('error', reject)
          .end()
      })
      server.closeAllConnections()
      server.close()
      await rm(folder, { recursive: true })
      expect(status).to.equal(503)
    })

    it('answers 503 in development to another address of this machine', async function () {
      const outside = Object.values(networkInterfaces())
        .flat()
        .find((one) => one?.family === 'IPv4' && !one.internal)
      if (outside === undefined) this.skip()
      const server = await listening(createServer(application({ NODE_ENV: 'development' })))
      expect(await statusOf(server.port, { Host: 'localhost' }, { host: outside.address })).to.equal(503)
    })

    it('shows nothing to other origins, also where the application opens everything to them', async () => {
      const cache = createSecureCache({ env: { ...MEMORY, SECURITY_STATUS_TOKEN: TOKEN }, logger: false })
      opened.push(cache)
      const app = express()
      app.use((_req, res, next) => {
        res.set('Access-Control-Allow-Origin', '*').set('Access-Control-Allow-Credentials', 'true')
        next()
      })
      app.use('/security', securityStatus({ cache }))
      const { headers } = await request(app)
        .get('/security/status')
        .set('Authorization', `Bearer ${TOKEN}`)
        .set('Origin', 'https://evil.example')
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).to.deep.equal([])
      expect(headers['cross-origin-resource-policy']).to.equal('same-origin')
    })

    it('sends the headers that keep it out of caches, frames and other sites', async () => {
      const app = guarded()
      for (const path of ['/security/status', '/security/health']) {
        const { headers } = await request(app).get(path)
        expect(headers).to.include({
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
          'x-frame-options': 'DENY',
          'referrer-policy': 'no-referrer',
          'content-security-policy':
            "default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';" +
            "base-uri 'none';form-action 'none';frame-ancestors 'none'",
        })
        // Those of the application, not ours to set.
        expect(headers).to.not.have.any.keys('strict-transport-security', 'etag', 'x-powered-by')
      }
    })

    for (const method of ['post', 'put', 'patch', 'delete', 'options'] as const) {
      it(`answers 405 to ${method.toUpperCase()}`, async () => {
        const app = request(guarded())
        const answer = await app[method]('/security/status').set('Authorization', `Bearer ${TOKEN}`)
        expect(answer.status).to.equal(405)
        expect(answer.headers['allow']).to.equal('GET, HEAD')
      })
    }

    it('answers HEAD like GET, without a body', async () => {
      const answer = await request(guarded()).head('/security/status').set('Authorization', `Bearer ${TOKEN}`)
      expect(answer.status).to.equal(200)
      expect(answer.text).to.equal(undefined)
      expect((await request(guarded()).head('/security/status')).status).to.equal(401)
    })

    it('tells anyone whether the cache works, and nothing else', async () => {
      const app = application({ NODE_ENV: 'production' })
      const answer = await request(app).get('/security/health').set('X-Forwarded-For', '203.0.113.7')
      expect(answer.status).to.equal(200)
      expect(answer.headers['content-type']).to.equal('application/health+json')
      expect(answer.text).to.equal('{"status":"pass"}')
    })

    it('leaves paths that it does not know to the application', async () => {
      const app = guarded()
      app.get('/security/other', (_req, res) => {
        res.send('of the application')
      })
      expect((await request(app).get('/security/other')).text).to.equal('of the application')
      for (const path of ['/security/statuses', '/security/..%2fstatus', '/security/Status']) {
        expect((await request(app).get(path)).status).to.equal(404)
      }
    })

    for (const prefix of ['/', '/security', '/monitoring/security-status', '/a/b/c/d']) {
      it(`is mounted behind ${prefix}`, async () => {
        const app = application({ SECURITY_STATUS_TOKEN: TOKEN }, { prefix })
        const base = prefix === '/' ? '' : prefix
        for (const path of [`${base}/`, `${base}/status`, `${base}/status/`, `${base}/status?x=1`]) {
          const answer = await request(app).get(path).set('Authorization', `Bearer ${TOKEN}`)
          expect(answer.status, path).to.equal(200)
          expect(answer.body, path).to.have.property('checks')
        }
      })
    }
  })
}

function fails(): never {
  throw new Error('no reason')
}

/** One request after the other on one connection; the statuses in their order. */
async function pipelined(port: number, tokens: readonly string[]): Promise<number[]> {
  const socket = connect(port, '127.0.0.1')
  const statuses: number[] = []
  let text = ''
  const all = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      const lines = (text + chunk.toString('latin1')).split('HTTP/1.1 ')
      text = lines.pop() ?? ''
      for (const line of lines) if (/^\d{3}/.test(line)) statuses.push(Number(line.slice(0, 3)))
      if (statuses.length === tokens.length - 1 && /^\d{3}/.test(text)) resolve()
    })
  })
  for (const token of tokens) {
    const written = `GET /security/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`
    if (!socket.write(written)) await once(socket, 'drain')
  }
  await all
  socket.destroy()
  return [...statuses, Number(text.slice(0, 3))]
}

/** Every header is ours: supertest writes its own Host. */
function statusOf(
  port: number,
  headers: Readonly<Record<string, string>>,
  options: { readonly host?: string; readonly path?: string } = {},
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, path: '/security/status', headers, ...options }, (res) => {
      // A stream has no end: what it began with is enough.
      res.destroy()
      resolve(res.statusCode)
    })
      .on('error', reject)
      .end()
  })
}

/** A reverse proxy on this host, as they come: it passes on what it got and says on whose behalf. */
function proxyTo(port: number): Server {
  return createServer((req, res) => {
    const headers = {
      ...req.headers,
      'x-forwarded-for': [req.headers['x-forwarded-for'], req.socket.remoteAddress].flat().join(', '),
    }
    const asked = httpRequest(
      { host: '127.0.0.1', port, method: req.method, path: req.url, headers },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(res)
      },
    )
    asked.on('error', () => res.destroy())
    res.on('close', () => asked.destroy())
    req.pipe(asked)
  })
}
