import { expect } from 'chai'
import type { RequestHandler } from 'express'
import { after, afterEach, before, beforeEach, describe, it } from 'mocha'
import { randomBytes } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'

import { inspectCache } from '../../../lib/create.js'
import type { SecurityEvents } from '../../../lib/events.js'
import { secureCache } from '../../../middleware/index.js'
import { axeViolations, findChromium, launchBrowser, openPage } from '../../support/browser.js'
import type { WatchedPage } from '../../support/browser.js'
import { enterToken, serveCache, serveStatus, SITE_TOKEN, stateOf } from '../../support/dashboard-site.js'
import { startRedis } from '../../support/redis-server.js'
import { until } from '../../support/until.js'
import { HEADINGS, StagedStatus, STAGES } from '../../support/staged-status.js'
import type { Stage } from '../../support/staged-status.js'

const MEMORY = {
  CACHE_BACKEND: 'memory',
  CACHE_UNSAFE_MEMORY: 'true',
  REDIS_ENCRYPTION_KEY: randomBytes(32).toString('hex'),
}
const WIDTHS = [360, 1280] as const
/** axe takes its time, so it looks at each state once here; the pictures' own run has every width and light. */
const SEEN_AS: Readonly<
  Record<Stage, { readonly axeAt: (typeof WIDTHS)[number]; readonly colorScheme: 'light' | 'dark' }>
> = {
  pass: { axeAt: 1280, colorScheme: 'light' },
  warn: { axeAt: 360, colorScheme: 'dark' },
  fail: { axeAt: 360, colorScheme: 'light' },
  unknown: { axeAt: 1280, colorScheme: 'dark' },
  away: { axeAt: 360, colorScheme: 'dark' },
}
const PATHS = ['/security', '/monitoring/security-status', '/']

/** One browser, one page and one cache for all that can share them: each test opens the page anew. */
describe('the dashboard in a browser @once', function () {
  // A browser on a machine that has other work to do.
  this.timeout(90_000)
  let browser: Browser
  let watched: WatchedPage
  let page: Page
  let shared: Awaited<ReturnType<typeof serveCache>>
  let events: SecurityEvents
  /** What happens when the page asks for its stream, before it gets it. */
  const beforeStream: (() => void)[] = []
  const ending: (() => Promise<unknown>)[] = []

  before(async function () {
    const program = findChromium()
    if (program === undefined) this.skip()
    const happen: RequestHandler = (req, _res, next) => {
      if (req.path.endsWith('/stream')) for (const one of beforeStream.splice(0)) one()
      next()
    }
    ;[browser, shared] = await Promise.all([
      launchBrowser(program),
      serveCache(MEMORY, { before: happen, paths: PATHS }),
    ])
    events = inspectCache(shared.handler.cache).events
    watched = await openPage(browser)
    page = watched.page
  })
  after(async () => {
    await (browser as Browser | undefined)?.close()
    await (shared as typeof shared | undefined)?.close()
  })
  beforeEach(() => {
    for (const kept of [watched.problems, watched.requests]) kept.splice(0)
  })
  afterEach(async () => {
    for (const end of ending.splice(0).toReversed()) await end()
  })

  async function visit(address: string): Promise<void> {
    await page.goto(address)
    await enterToken(page)
    await page.getByText('live', { exact: true }).waitFor()
  }

  const noProblems = (): void => {
    expect(watched.problems).to.deep.equal([])
  }

  it('asks for the token, shows every check of a hardened server, and says that it is safe', async () => {
    const redis = await startRedis()
    ending.push(() => redis.stop())
    const site = await serveCache({
      ...redis.env,
      CACHE_TIMEOUT_MS: '5000',
      CACHE_CONNECT_TIMEOUT_MS: '10000',
    })
    ending.push(() => site.close())
    await page.goto(site.address)
    expect(await page.content()).to.not.include('cache_service')
    await enterToken(page)
    await page.getByRole('heading', { name: 'The cache is safe' }).waitFor()
    const states = await page.locator('.check').evaluateAll((all) => all.map((one) => one.dataset['state']))
    expect(states).to.deep.equal(Array.from({ length: 11 }, () => 'pass'))
    await page.getByText('live', { exact: true }).waitFor()
    noProblems()
    const elsewhere = watched.requests.filter((one) => !one.startsWith(new URL(site.address).origin))
    expect(elsewhere).to.deep.equal([])
    // Nothing of this site may be asked for once it is gone.
    await page.goto('about:blank')
  })

  it('renders every state, from all is well to nobody is there, and axe finds nothing to complain about', async () => {
    const staged = new StagedStatus()
    const site = await serveStatus({
      before: (req, res, next) => {
        staged.answer('/security')(req, res, () => {
          Object.assign(req, { cache: shared.handler.cache })
          next()
        })
      },
    })
    ending.push(() => site.close())
    await page.goto(site.address)
    expect(await axeViolations(page), 'the door').to.deep.equal([])
    await enterToken(page)
    await page.locator('.check').first().waitFor()
    for (const stage of STAGES) {
      staged.show(stage)
      await page.getByRole('heading', { name: HEADINGS[stage] }).waitFor()
      const { axeAt, colorScheme } = SEEN_AS[stage]
      await page.emulateMedia({ colorScheme })
      for (const width of WIDTHS) {
        const where = `${stage} ${String(width)} ${colorScheme}`
        await page.setViewportSize({ width, height: 800 })
        if (width === axeAt) expect(await axeViolations(page), where).to.deep.equal([])
        const sideways: unknown = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        )
        expect(sideways, where).to.equal(0)
      }
    }
    noProblems()
    await page.goto('about:blank')
    await page.setViewportSize({ width: 1280, height: 720 })
  })

  it('shows a value that does not open at once, without a new look', async () => {
    await visit(shared.address)
    expect(await stateOf(page, 'stored_values')).to.equal('pass')
    events.emit('decrypt.failure', { reason: 'tag', operation: 'get' })
    await page.locator('[data-check=stored_values][data-state=fail]').waitFor()
    await page.locator('.event[data-type="decrypt.failure"]').waitFor()
    await page.getByRole('img', { name: 'Values that did not open in the last 24 hours: 1 in all' }).waitFor()
    noProblems()
  })

  it('shows what happened after its first answers and before its stream', async () => {
    beforeStream.push(() => {
      events.emit('clock.skew', { seconds: 4711 })
    })
    await visit(shared.address)
    expect(beforeStream).to.have.length(0)
    await page.locator('.event[data-type="clock.skew"]', { hasText: '4711' }).waitFor()
  })

  it('refuses a wrong token in words, and takes the right one after it', async () => {
    await page.goto(shared.address)
    await enterToken(page, 'wrong')
    await page.getByText('the token is wrong: compare it with SECURITY_STATUS_TOKEN').waitFor()
    expect(await page.locator('#status').isHidden()).to.equal(true)
    await enterToken(page)
    await page.getByRole('heading', { name: 'Checks' }).waitFor()
  })

  it('keeps the token in memory alone, and shows nothing more once it is forgotten', async () => {
    await visit(shared.address)
    await page.locator('.check').first().waitFor()
    const kept: unknown = await page.evaluate(
      'JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie, location.href])',
    )
    expect(String(kept) + watched.requests.join(' ')).to.not.include(SITE_TOKEN)
    await page.getByRole('button', { name: 'Forget token' }).click()
    await page.getByLabel('Token').waitFor()
    expect(await page.locator('.check').count()).to.equal(0)
    expect(await page.locator('#live').textContent()).to.equal('')
    await page.reload()
    await page.getByLabel('Token').waitFor()
    expect(await page.locator('.check').count()).to.equal(0)
  })

  it('shows itself at once to whoever is let in without a token, and says what to set where nobody is', async () => {
    const site = await serveCache({ ...MEMORY, SECURITY_STATUS_TOKEN: '' })
    ending.push(() => site.close())
    await page.goto(site.address)
    await page.getByText('Set SECURITY_STATUS_TOKEN').waitFor()
    expect(await page.getByLabel('Token').isVisible()).to.equal(false)
    const open = await serveStatus({ status: { cache: site.handler, authorize: () => true } })
    ending.push(() => open.close())
    await page.goto(open.address)
    await page.locator('.check').first().waitFor()
    noProblems()
    await page.goto('about:blank')
  })

  it('asks again and again where no stream comes through', async () => {
    const site = await serveCache(MEMORY, {
      before: (req, res, next) => {
        // A proxy that holds back what is not complete.
        if (!req.path.endsWith('/stream')) next()
        else res.socket?.setKeepAlive(true)
      },
    })
    ending.push(() => site.close())
    // A page with a clock of its own: nobody waits for the ten seconds.
    const other = await openPage(browser)
    ending.push(() => other.close())
    await other.page.clock.install()
    await other.page.goto(site.address)
    await enterToken(other.page)
    await other.page.locator('.check').first().waitFor()
    const asked = () => other.requests.filter((one) => one.endsWith('/status')).length
    await until(
      'it asked for the stream',
      () => other.requests.some((one) => one.endsWith('/stream')),
      30_000,
    )
    await other.page.clock.fastForward(10_500)
    await other.page.getByText('asking every 10 seconds').waitFor()
    const askedBefore = asked()
    const again = other.page.waitForRequest(/\/status$/)
    await other.page.clock.fastForward(10_500)
    await again
    expect(asked()).to.equal(askedBefore + 1)
    expect(await other.page.locator('.check').count()).to.equal(11)
  })

  it('finds its parts behind any prefix, with and without a slash at its end', async () => {
    const { origin } = new URL(shared.address)
    for (const path of ['/', '/monitoring/security-status', '/security/']) {
      await page.goto(origin + path)
      await enterToken(page)
      await page.locator('.check').first().waitFor()
    }
    noProblems()
  })

  it('filters events by severity and kind, with the keyboard alone', async () => {
    const site = await serveCache(MEMORY)
    ending.push(() => site.close())
    const own = inspectCache(site.handler.cache).events
    own.emit('clock.skew', { seconds: 90 })
    own.emit('acl.denied', { reason: 'command', object: 'flushall', source: 'server' })
    await page.goto(site.address)
    await page.keyboard.type(SITE_TOKEN)
    await page.keyboard.press('Enter')
    await page.locator('.event').nth(1).waitFor()
    await page.getByLabel('Severity').focus()
    await page.keyboard.type('critical')
    await page.getByText(/^1 event of/).waitFor()
    expect(await page.locator('.event').getAttribute('data-type')).to.equal('acl.denied')
    await page.getByLabel('Kind').selectOption('clock.skew')
    await page.getByText('Nothing to show.').waitFor()
    await page.goto('about:blank')
  })

  it('shows what an attacker wrote as text and nothing else', async () => {
    await page.goto(shared.address)
    await enterToken(page)
    await page.locator('.check').first().waitFor()
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>"\'`x`'
    events.emit('acl.denied', { reason: 'auth', userName: hostile, object: hostile, source: 'server' })
    await page.getByText(hostile).first().waitFor()
    expect(await page.locator('main img, main script').count()).to.equal(0)
    expect(await page.title()).to.include('Cache security')
    noProblems()
  })

  it('lets one choose between several caches, and judges all of them', async () => {
    const [one, two] = ['one:', 'two:'].map((keyPrefix) =>
      secureCache({ env: { ...MEMORY, SECURITY_STATUS_TOKEN: SITE_TOKEN }, keyPrefix, logger: false }),
    )
    if (one === undefined || two === undefined) throw new Error('two caches are needed')
    ending.push(
      () => one.close(),
      () => two.close(),
    )
    const site = await serveStatus({ status: { cache: [one, two] } })
    ending.push(() => site.close())
    await page.goto(site.address)
    await enterToken(page)
    await page.locator('#cache').selectOption('two:')
    inspectCache(two.cache).events.emit('decrypt.failure', { reason: 'tag', operation: 'get' })
    await page.locator('[data-check=stored_values][data-state=fail]').waitFor()
    await page.locator('#cache').selectOption('one:')
    await page.locator('[data-check=stored_values][data-state=pass]').waitFor()
    await page.getByRole('heading', { name: 'The cache is not safe' }).waitFor()
    await page.goto('about:blank')
  })
})
