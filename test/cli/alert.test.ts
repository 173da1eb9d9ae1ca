import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { Webhook } from 'standardwebhooks'
import { secureCache } from '../support/command-line.js'
import type { Finished } from '../support/command-line.js'
import { temporaryFolder } from '../support/generated-folder.js'

const SECRET = `whsec_${randomBytes(32).toString('base64')}`

describe('secure-cache alert test', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let server: Server
  let status = 204
  const bodies: unknown[] = []

  beforeEach(async () => {
    folder = await temporaryFolder()
    status = 204
    bodies.length = 0
    server = createServer((req, res) => {
      let body = ''
      req.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      req.on('end', () => {
        bodies.push(new Webhook(SECRET).verify(body, req.headers as Record<string, string>))
        res.writeHead(status).end()
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(async () => {
    server.close()
    await folder.remove()
  })

  const run = (env: Readonly<Record<string, string>> = {}): Promise<Finished> =>
    secureCache(['alert', 'test'], { cwd: folder.path, env: { NODE_ENV: 'test', ...env } })

  const webhook = () => ({
    SECURITY_ALERT_WEBHOOK: `http://127.0.0.1:${(server.address() as AddressInfo).port}/planted-token`,
    SECURITY_ALERT_WEBHOOK_SECRET: SECRET,
    SECURITY_ALERT_WEBHOOK_ALLOW_PRIVATE: 'true',
  })

  it('writes to the log, and says that nobody is reached by it', async () => {
    const { code, stdout, stderr } = await run()
    expect(code, stderr).to.equal(0)
    expect(stdout).to.equal('log: sent to the log\n')
    expect(stderr)
      .to.include('alert: Test of the alert channels')
      .and.to.include('hint: alerts go to the log')
  })

  it('sends a signed test to the webhook and tells its host alone', async () => {
    const { code, stdout, stderr } = await run(webhook())
    expect(code, stderr).to.equal(0)
    expect(stdout).to.match(/^log: sent to the log\nwebhook: sent to 127\.0\.0\.1:\d+\n$/)
    expect(bodies).to.have.length(1)
    expect(bodies[0]).to.deep.include({ type: 'security.alert', kind: 'test', severity: 'info' })
    expect(stdout + stderr)
      .not.to.include('planted')
      .and.not.to.include(SECRET)
  })

  it('exits with 1 and says why where a channel fails', async () => {
    status = 500
    const { code, stdout, stderr } = await run(webhook())
    expect(code).to.equal(1)
    expect(stdout).to.include('webhook: failed\n')
    expect(stderr).to.match(/error: webhook: 127\.0\.0\.1:\d+ answered 500/)
    expect(stdout + stderr).not.to.include('planted')
  })
})
