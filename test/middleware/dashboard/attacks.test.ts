import { expect } from 'chai'
import { Redis } from 'ioredis'
import { simpleParser } from 'mailparser'
import { after, afterEach, before, describe, it } from 'mocha'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:net'
import type { Browser, Page } from 'playwright-core'

import type { CacheInternals } from '../../../lib/create.js'
import { assembleCache, inspectCache } from '../../../lib/create.js'
import type { SecureCache } from '../../../lib/index.js'
import { chooseLogger } from '../../../lib/log.js'
import { readSettings } from '../../../lib/settings/read.js'
import { issueCertificate } from '../../../generators/certificates.js'
import { findChromium, launchBrowser, openPage } from '../../support/browser.js'
import { openAlertReceivers } from '../../support/alert-receivers.js'
import type { AlertReceivers } from '../../support/alert-receivers.js'
import { enterToken, serveStatus, SITE_TOKEN } from '../../support/dashboard-site.js'
import type { DashboardSite } from '../../support/dashboard-site.js'
import { redisCli } from '../../support/redis-cli.js'
import { freePort } from '../../support/redis-process.js'
import { startRedis } from '../../support/redis-server.js'
import type { RunningRedis } from '../../support/redis-server.js'
import { sharedCertificates } from '../../support/test-certificates.js'
import { until } from '../../support/until.js'

/** What acts on a terminal, a parser or an eye; what also acts in a page. */
const CONTROLS = /(?! )[\p{C}\p{Z}]/u
const ACTS = /[<>]|(?! )[\p{C}\p{Z}]/u
const DAY = 24 * 60 * 60_000

/** Real attacks on a real server, seen by whoever has the page open: one look each, and one for the recovery. */
describe('the dashboard under attack @once', function () {
  this.timeout(90_000)
  let browser: Browser
  let redis: RunningRedis
  let watched: Watched
  let receivers: AlertReceivers
  const lines: string[] = []
  const ending: (() => Promise<unknown>)[] = []

  interface Watched {
    readonly cache: SecureCache
    readonly internals: CacheInternals
    readonly site: DashboardSite
    readonly page: Page
    readonly clock: { offsetMs: number }
  }

  function write(message: string, fields?: Readonly<Record<string, unknown>>): void {
    lines.push(message, ...Object.entries(fields ?? {}).flatMap(([name, value]) => [name, String(value)]))
  }

  /** A cache on this server, its status, and somebody who has the page open. Looks come when the test says so. */
  async function watch(server: RunningRedis): Promise<Watched> {
    const clock = { offsetMs: 0 }
    const env = {
      ...server.env,
      ...receivers.env,
      SECURITY_STATUS_TOKEN: SITE_TOKEN,
      SECURITY_WATCH_INTERVAL: '3600',
      // A machine that is busy is no outage: there is one look, and nobody looks again.
      CACHE_TIMEOUT_MS: '5000',
      CACHE_CONNECT_TIMEOUT_MS: '10000',
    }
    const settings = readSettings({ env })
    const cache = assembleCache({
      settings,
      logger: chooseLogger({ info: write, warn: write, error: write }, settings),
      now: () => Date.now() + clock.offsetMs,
    })
    ending.push(() => cache.close())
    const site = await serveStatus({ status: { cache } })
    ending.push(() => site.close())
    const opened = await openPage(browser)
    ending.push(() => opened.close())
    const { page } = opened
    await page.goto(site.address)
    await enterToken(page)
    await page.getByText('live', { exact: true }).waitFor()
    return { cache, internals: inspectCache(cache), site, page, clock }
  }

  before(async function () {
    const program = findChromium()
    if (program === undefined) this.skip()
    ;[browser, redis, receivers] = await Promise.all([
      launchBrowser(program),
      startRedis(),
      openAlertReceivers(),
    ])
    watched = await watch(redis)
    await watched.page.getByRole('heading', { name: 'The cache is safe' }).waitFor()
  })
  after(async () => {
    for (const end of ending.splice(0).toReversed()) await end()
    await (browser as Browser | undefined)?.close()
    await (redis as RunningRedis | undefined)?.stop()
    await (receivers as AlertReceivers | undefined)?.close()
  })
  // Whatever was attacked is safe again in the end, and the page says so.
  afterEach(async () => {
    if (watched === undefined) return
    await watched.page.getByRole('heading', { name: 'The cache is safe' }).waitFor()
  })

  const shows = (id: string, state: string, { page }: Watched = watched): Promise<void> =>
    page.locator(`[data-check=${id}][data-state=${state}]`).waitFor()

  const look = ({ internals }: Watched = watched): Promise<void> => internals.watch.look()

  const told = (kind: string): boolean => receivers.bodies.some((body) => body.includes(`"kind":"${kind}"`))
  const mailed = (): Buffer | undefined => receivers.mails.find((mail) => mail.includes('guessing'))

  /** What is counted for a day or an hour is over. */
  async function aDayLater(): Promise<void> {
    watched.clock.offsetMs += DAY + DAY / 24
    await look()
  }

  it('carries what an attacker typed before any login to page, JSON, log, mail and webhook as text alone', async () => {
    const { page, site } = watched
    const image = '<img src=x onerror="document.title=1">'
    const names = [
      'x'.repeat(16_384),
      `\u001b[2J\0\u202E<script>alert(1)</script>`,
      `${image}\r\nBcc: evil@example.com\r\n\r\n`,
    ]
    const attacker = await loggedOut(redis)
    for (let round = 0; round < 4; round += 1) {
      for (const name of names) await attacker.call('AUTH', name, 'wrong').catch(() => undefined)
    }
    attacker.disconnect()
    await look()
    await shows('recent_auth_failures', 'fail')

    await page.getByText(`${image}\\u{d}\\u{a}Bcc`).first().waitFor()
    expect(await page.locator('main img, main script').count()).to.equal(0)
    expect(await page.title()).to.include('Cache security')
    for (const path of ['/status', '/events']) {
      const answer = await fetch(site.address + path, { headers: { Authorization: `Bearer ${SITE_TOKEN}` } })
      const text = await answer.text()
      expect(text).to.include('u003cimg src=x').and.to.not.match(ACTS)
      expect(JSON.stringify(JSON.parse(text))).to.not.match(CONTROLS)
    }
    await until('mail and webhook', () => told('brute_force') && mailed() !== undefined, 30_000)
    const mail = await simpleParser(mailed() ?? '')
    expect(mail.subject).to.equal('[critical] Somebody may be guessing passwords (ai_cache:)')
    expect([...mail.headers.keys()]).to.not.include('bcc')
    expect(mail.html).to.equal(false)
    expect(mail.text?.replaceAll('\n', '')).to.not.match(CONTROLS)
    expect(receivers.bodies.join('')).to.not.match(ACTS)
    expect(lines.join('')).to.include('Bcc').and.to.not.match(CONTROLS)
    await aDayLater()
  })

  it('shows wrong passwords of a separate redis-cli, and who and from where', async () => {
    for (const guess of ['mallory', 'eve']) {
      const { stderr } = await redisCli(redis, ['PING'], { user: guess, password: 'letmein' })
      expect(stderr).to.include('WRONGPASS')
    }
    await look()
    await shows('recent_auth_failures', 'warn')
    const card = watched.page.locator('[data-check=recent_auth_failures]')
    expect(await card.textContent())
      .to.include('2 failed logins by anyone')
      .and.include('as "eve" from 127.0.0.1')
      .and.include('--askpass ACL LOG 10')
    await watched.page
      .getByRole('img', { name: 'Failed logins, by anyone in the last 24 hours: 2 in all' })
      .waitFor()
    await aDayLater()
    await shows('recent_auth_failures', 'pass')
  })

  it('shows a denied command of somebody who is logged in', async () => {
    const { stdout } = await redisCli(redis, ['FLUSHALL'], {
      user: 'health_service',
      password: redis.passwords.health,
    })
    expect(stdout).to.include('NOPERM')
    await look()
    await shows('acl_denials', 'warn')
    expect(await watched.page.locator('[data-check=acl_denials]').textContent()).to.include(
      'command "flushall" to user "health_service" from 127.0.0.1',
    )
    await watched.page.locator('.event[data-type="acl.denied"]').first().waitFor()
    await aDayLater()
    await shows('acl_denials', 'pass')
  })

  it('shows a client on a plaintext port that was opened, until the command of the remedy closed it', async () => {
    const admin = redis.admin()
    const port = await freePort()
    await admin.config('SET', 'port', String(port))
    const client = connect(port, redis.host)
    await once(client, 'connect')
    await look()
    await shows('network_isolated', 'fail')
    await watched.page.locator('.event[data-type="server.plaintext_client"]').first().waitFor()
    const remedy = await watched.page.locator('[data-check=network_isolated] .remedy').textContent()
    expect(remedy).to.include('CONFIG SET port 0').and.to.include('CLIENT KILL TYPE normal')
    await admin.config('SET', 'port', '0')
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal')
    await until('the cache is back', () => watched.internals.connection?.status === 'up', 30_000)
    await look()
    await shows('network_isolated', 'pass')
  })

  it('shows a value that was altered in Redis at once, without a look', async () => {
    const { cache } = watched
    await cache.set('altered', { of: 'value' })
    const admin = redis.admin()
    const name = 'ai_cache::altered'
    const sealed = await admin.getBuffer(name)
    if (sealed === null) throw new Error('nothing was stored')
    sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1
    await admin.set(name, sealed)
    expect(await cache.get('altered')).to.equal(undefined)
    await shows('stored_values', 'fail')
    await watched.page.getByRole('heading', { name: 'The cache is not safe' }).waitFor()
    await aDayLater()
    await shows('stored_values', 'pass')
  })

  it('shows a server that asks for no password, until its users are loaded again', async () => {
    const admin = redis.admin()
    await admin.call('ACL', 'SETUSER', 'default', 'on', 'nopass', '~*', '&*', '+@all')
    await look()
    await shows('redis_authenticated', 'fail')
    const remedy = await watched.page.locator('[data-check=redis_authenticated] .remedy').textContent()
    expect(remedy).to.include('--user operator --askpass ACL LOAD')
    const { stdout } = await redisCli(redis, ['ACL', 'LOAD'], {
      user: 'operator',
      password: redis.passwords.operator,
    })
    expect(stdout).to.include('OK')
    await until('the cache is back', () => watched.internals.connection?.status === 'up', 30_000)
    await look()
    await shows('redis_authenticated', 'pass')
  })

  it('shows rights that grew, until the users are loaded again', async () => {
    await redis.admin().call('ACL', 'SETUSER', 'cache_service', '+flushall')
    await look()
    await shows('acl_role', 'fail')
    await redisCli(redis, ['ACL', 'LOAD'], { user: 'operator', password: redis.passwords.operator })
    await until('the cache is back', () => watched.internals.connection?.status === 'up', 30_000)
    await look()
    await shows('acl_role', 'pass')
  })

  it('shows at once that Redis is away, and that it is back', async () => {
    await redis.kill()
    await shows('redis_available', 'fail')
    await watched.page.getByRole('heading', { name: 'Redis is away' }).waitFor()
    await redis.start()
    await until('the cache is back', () => watched.internals.connection?.status === 'up', 30_000)
    await look()
    await shows('redis_available', 'pass')
    // A restart is no attack, but what its counter had counted is lost: the page marks from when until when.
    await watched.page.getByText('began anew').first().waitFor()
  })

  it('shows a server that was started on an expired certificate, until it got another', async () => {
    const { authority, server: good } = await sharedCertificates()
    const year = { notBefore: new Date(Date.now() - 300 * DAY), notAfter: new Date(Date.now() - DAY) }
    const names = ['localhost', '127.0.0.1']
    const expired = await issueCertificate(authority, { role: 'both', commonName: 'redis', names, ...year })
    const certificates = { ...(await sharedCertificates()), server: expired }
    const old = await startRedis({ certificates })
    ending.push(() => old.stop())
    const other = await watch(old)
    await shows('tls_enabled', 'fail', other)
    await shows('tls_certificate', 'fail', other)
    expect(await other.page.locator('[data-check=tls_certificate] .remedy').textContent()).to.include(
      'npx secure-cache certs renew',
    )
    const [cert, key] = [join(old.folder, 'server.crt'), join(old.folder, 'server.key')]
    await writeFile(cert, good.certPem)
    await writeFile(key, good.keyPem)
    const admin = new Redis({
      host: old.host,
      port: old.port,
      username: 'admin',
      password: old.passwords.admin,
      tls: {
        ca: authority.certPem,
        cert: certificates.client.certPem,
        key: certificates.client.keyPem,
        // Whoever repairs it has to get in.
        rejectUnauthorized: false,
      },
      replyMapping: 'legacy',
    })
    await admin.call('CONFIG', 'SET', 'tls-cert-file', cert, 'tls-key-file', key)
    admin.disconnect()
    await until('the cache is there', () => other.internals.connection?.status === 'up', 30_000)
    await look(other)
    await shows('tls_certificate', 'pass', other)
    await shows('tls_enabled', 'pass', other)
  })
})

/** Somebody with a certificate and without a login. */
async function loggedOut({ host, port, certificates }: RunningRedis): Promise<Redis> {
  const { authority, client } = certificates
  const attacker = new Redis({
    host,
    port,
    tls: { ca: authority.certPem, cert: client.certPem, key: client.keyPem },
    lazyConnect: true,
    retryStrategy: () => null,
    enableReadyCheck: false,
    disableClientInfo: true,
    // Without HELLO, which would need the login that is refused.
    protocol: 2,
    replyMapping: 'legacy',
  })
  attacker.on('error', () => undefined)
  await attacker.connect()
  return attacker
}
