import { expect } from 'chai'
import express from 'express'
import { after, afterEach, before, describe, it } from 'mocha'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

import { inspectCache } from '../../../lib/create.js'
import { securityStatus, secureCache } from '../../../middleware/index.js'
import type { SecurityStatusOptions, SecureCacheHandler } from '../../../middleware/index.js'
import { axeViolations, findChromium, launchBrowser, openPage } from '../../support/browser.js'
import type { WatchedPage } from '../../support/browser.js'
import { startRedis } from '../../support/redis-server.js'

const TOKEN = 'right-token-0123456789-0123456789-0123'
const MEMORY = {
  CACHE_BACKEND: 'memory',
  CACHE_UNSAFE_MEMORY: 'true',
  REDIS_ENCRYPTION_KEY: randomBytes(32).toString('hex'),
}

describe('the dashboard in a browser', function () {
  // A browser on a machine that has other work to do.
  this.timeout(90_000)
  let browser: Browser
  const ending: (() => Promise<unknown>)[] = []

  before(async function () {
    const program = findChromium()
    if (program === undefined) this.skip()
    browser = await launchBrowser(program)
  })
  after(async () => {
    await (browser as Browser | undefined)?.close()
  })
  afterEach(async () => {
    for (const end of ending.splice(0).toReversed()) await end()
  })

  interface Site {
    readonly address: string
    readonly handler: SecureCacheHandler
  }

  async function serve(
    env: Readonly<Record<string, string>>,
    options: {
      readonly status?: SecurityStatusOptions
      readonly before?: express.RequestHandler
      readonly path?: string
    } = {},
  ): Promise<Site> {
    const { status, before: first, path = '/security' } = options
    const handler = secureCache({ env: { SECURITY_STATUS_TOKEN: TOKEN, ...env }, logger: false })
    ending.push(() => handler.close())
    const app = express()
    if (first !== undefined) app.use(first)
    app.use(handler)
    app.use(path, securityStatus(status))
    const server = createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
    ending.push(async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    })
    const { port } = server.address() as AddressInfo
    return { address: `http://127.0.0.1:${String(port)}${path}`, handler }
  }

  async function visit(address: string, options?: BrowserContextOptions): Promise<WatchedPage> {
    const watched = await openPage(browser, options)
    ending.push(() => watched.close())
    await watched.page.goto(address)
    return watched
  }

  async function enter(page: Page, token = TOKEN): Promise<void> {
    await page.getByLabel('Token').fill(token)
    await page.getByRole('button', { name: 'Show the status' }).click()
  }

  async function hardened(env: Readonly<Record<string, string>> = {}): Promise<Site> {
    const redis = await startRedis()
    ending.push(() => redis.stop())
    const site = await serve({ ...redis.env, ...env })
    await site.handler.ready()
    return site
  }

  const stateOf = (page: Page, id: string): Promise<string | null> =>
    page.locator(`[data-check=${id}]`).getAttribute('data-state')

  it('asks for the token, shows every check of a hardened server, and says that it is safe', async () => {
    const site = await hardened()
    const { page, problems, requests } = await visit(site.address)
    expect(await page.content()).to.not.include('cache_service')
    await enter(page)
    await page.getByRole('heading', { name: 'The cache is safe' }).waitFor()
    const states = await page.locator('.check').evaluateAll((all) => all.map((one) => one.dataset['state']))
    expect(states).to.deep.equal(Array.from({ length: 11 }, () => 'pass'))
    await page.getByText('live', { exact: true }).waitFor()
    expect(problems).to.deep.equal([])
    expect(requests.filter((one) => !one.startsWith(new URL(site.address).origin))).to.deep.equal([])
  })

  it('shows a value that does not open at once, without a new look', async () => {
    const { address, handler } = await serve(MEMORY)
    const { page, problems } = await visit(address)
    await enter(page)
    await page.getByText('live', { exact: true }).waitFor()
    expect(await stateOf(page, 'stored_values')).to.equal('pass')
    inspectCache(handler.cache).events.emit('decrypt.failure', { reason: 'tag', operation: 'get' })
    await page.locator('[data-check=stored_values][data-state=fail]').waitFor()
    await page.locator('.event[data-type="decrypt.failure"]').waitFor()
    await page.getByRole('img', { name: 'Values that did not open in the last 24 hours: 1 in all' }).waitFor()
    expect(problems).to.deep.equal([])
  })

  it('shows what happened after its first answers and before its stream', async () => {
    const happenings: (() => void)[] = []
    const { address, handler } = await serve(MEMORY, {
      before: (req, _res, next) => {
        if (req.path.endsWith('/stream')) for (const happen of happenings.splice(0)) happen()
        next()
      },
    })
    happenings.push(() => {
      inspectCache(handler.cache).events.emit('decrypt.failure', { reason: 'tag', operation: 'get' })
    })
    const { page } = await visit(address)
    await enter(page)
    await page.getByText('live', { exact: true }).waitFor()
    expect(happenings).to.have.length(0)
    await page.locator('.event[data-type="decrypt.failure"]').waitFor()
    await page.locator('[data-check=stored_values][data-state=fail]').waitFor()
  })

  it('refuses a wrong token in words, and takes the right one after it', async () => {
    const { page } = await visit((await serve(MEMORY)).address)
    await enter(page, 'wrong')
    await page.getByText('the token is wrong: compare it with SECURITY_STATUS_TOKEN').waitFor()
    expect(await page.locator('#status').isHidden()).to.equal(true)
    await enter(page)
    await page.getByRole('heading', { name: 'Checks' }).waitFor()
  })

  it('keeps the token in memory alone, and shows nothing more once it is forgotten', async () => {
    const { page, requests } = await visit((await serve(MEMORY)).address)
    await enter(page)
    await page.locator('.check').first().waitFor()
    const kept: unknown = await page.evaluate(
      'JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie, location.href])',
    )
    expect(String(kept) + requests.join(' ')).to.not.include(TOKEN)
    await page.getByRole('button', { name: 'Forget token' }).click()
    await page.getByLabel('Token').waitFor()
    expect(await page.locator('.check').count()).to.equal(0)
    await page.reload()
    await page.getByLabel('Token').waitFor()
    expect(await page.locator('.check').count()).to.equal(0)
  })

  it('shows itself at once to whoever is let in without a token', async () => {
    const { address } = await serve(
      { ...MEMORY, SECURITY_STATUS_TOKEN: '' },
      { status: { authorize: () => true } },
    )
    const { page, problems } = await visit(address)
    await page.locator('.check').first().waitFor()
    expect(problems).to.deep.equal([])
  })

  it('says what to set where no token is configured, and nothing else', async () => {
    const { address } = await serve({ ...MEMORY, SECURITY_STATUS_TOKEN: '' })
    const { page, problems } = await visit(address)
    await page.getByText('Set SECURITY_STATUS_TOKEN').waitFor()
    expect(await page.getByLabel('Token').isVisible()).to.equal(false)
    expect(problems).to.deep.equal([])
  })

  it('asks again and again where no stream comes through', async () => {
    const { address } = await serve(MEMORY, {
      before: (req, res, next) => {
        // A proxy that holds back what is not complete.
        if (!req.path.endsWith('/stream')) next()
        else res.socket?.setKeepAlive(true)
      },
    })
    const { page } = await visit(address)
    await enter(page)
    await page.getByText('asking every 10 seconds').waitFor()
    expect(await page.locator('.check').count()).to.equal(11)
  })

  for (const path of ['/', '/monitoring/security-status', '/security/']) {
    it(`finds its parts when it is opened as ${path}`, async () => {
      const { address } = await serve(MEMORY, { path })
      const { page, problems } = await visit(address)
      await enter(page)
      await page.locator('.check').first().waitFor()
      expect(problems).to.deep.equal([])
    })
  }

  it('filters events by severity and kind, with the keyboard alone', async () => {
    const { address, handler } = await serve(MEMORY)
    const { events } = inspectCache(handler.cache)
    events.emit('clock.skew', { seconds: 90 })
    events.emit('acl.denied', { reason: 'command', object: 'flushall', source: 'server' })
    const { page } = await visit(address)
    await page.keyboard.type(TOKEN)
    await page.keyboard.press('Enter')
    await page.locator('.event').nth(1).waitFor()
    await page.getByLabel('Severity').focus()
    await page.keyboard.type('critical')
    await page.getByText(/^1 event of/).waitFor()
    expect(await page.locator('.event').getAttribute('data-type')).to.equal('acl.denied')
    await page.getByLabel('Kind').selectOption('clock.skew')
    await page.getByText('Nothing to show.').waitFor()
  })

  it('shows what an attacker wrote as text and nothing else', async () => {
    const { address, handler } = await serve(MEMORY)
    const { page, problems } = await visit(address)
    await enter(page)
    await page.locator('.check').first().waitFor()
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>"\'`x`'
    inspectCache(handler.cache).events.emit('acl.denied', {
      reason: 'auth',
      userName: hostile,
      object: hostile,
      source: 'server',
    })
    await page.getByText(hostile).first().waitFor()
    expect(await page.locator('main img, main script').count()).to.equal(0)
    expect(await page.title()).to.include('Cache security')
    expect(problems).to.deep.equal([])
  })

  it('lets one choose between several caches, and judges all of them', async () => {
    const one = secureCache({
      env: { ...MEMORY, SECURITY_STATUS_TOKEN: TOKEN },
      keyPrefix: 'one:',
      logger: false,
    })
    ending.push(() => one.close())
    const two = secureCache({
      env: { ...MEMORY, SECURITY_STATUS_TOKEN: TOKEN },
      keyPrefix: 'two:',
      logger: false,
    })
    ending.push(() => two.close())
    const { address } = await serve(MEMORY, { status: { cache: [one, two] } })
    const { page } = await visit(address)
    await enter(page)
    await page.locator('#cache').selectOption('two:')
    inspectCache(two.cache).events.emit('decrypt.failure', { reason: 'tag', operation: 'get' })
    await page.locator('[data-check=stored_values][data-state=fail]').waitFor()
    await page.locator('#cache').selectOption('one:')
    await page.locator('[data-check=stored_values][data-state=pass]').waitFor()
    await page.getByRole('heading', { name: 'The cache is not safe' }).waitFor()
  })

  it('has nothing for axe to complain about, on a phone and a desktop, light and dark', async () => {
    const { address, handler } = await serve(MEMORY)
    const { page } = await visit(address)
    expect(await axeViolations(page), 'the door').to.deep.equal([])
    await enter(page)
    const { events } = inspectCache(handler.cache)
    events.emit('decrypt.failure', { reason: 'tag', operation: 'get' })
    events.emit('clock.skew', { seconds: 90 })
    events.emit('redis.recovered', { outageMs: 7_200_000 })
    await page.locator('.event[data-type="redis.recovered"]').waitFor()
    await page.locator('[data-check=stored_values][data-state=fail]').waitFor()
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        expect(await axeViolations(page), `${String(width)} ${colorScheme}`).to.deep.equal([])
      }
      const sideways: unknown = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      expect(sideways, `${String(width)} wide`).to.equal(0)
    }
  })
})
