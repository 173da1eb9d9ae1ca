import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'

import { createSecureCache } from '../../../lib/index.js'
import type { SecureCache } from '../../../lib/index.js'
import { axeViolations, findChromium, launchBrowser, openPage } from '../../support/browser.js'
import { enterToken, serveStatus, SITE_TOKEN } from '../../support/dashboard-site.js'
import type { DashboardSite } from '../../support/dashboard-site.js'
import { HEADINGS, StagedStatus, STAGES } from '../../support/staged-status.js'
import type { Stage } from '../../support/staged-status.js'

const IMAGES = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'images')
const MOST_BYTES = 200_000
const DESKTOP = { width: 1000, height: 860 }
const PHONE = { width: 390, height: 844 }

/** The pictures of docs/monitoring.md: which state, where, in which light. */
const PICTURES: readonly (readonly [
  name: string,
  stage: Stage,
  size: typeof DESKTOP,
  scheme: 'light' | 'dark',
])[] = [
  ['dashboard-safe', 'pass', DESKTOP, 'light'],
  ['dashboard-warn', 'warn', DESKTOP, 'light'],
  ['dashboard-attack', 'fail', DESKTOP, 'dark'],
  ['dashboard-unknown', 'unknown', DESKTOP, 'dark'],
  ['dashboard-away', 'away', PHONE, 'dark'],
  ['dashboard-phone', 'fail', PHONE, 'light'],
]

/** Draws every state of the page, phone and desktop, light and dark, and keeps those that the documents show. */
describe('the pictures of the dashboard', function () {
  let browser: Browser
  let cache: SecureCache
  let site: DashboardSite
  let page: Page
  const staged = new StagedStatus()

  before(async function () {
    const program = findChromium()
    if (program === undefined) this.skip()
    cache = createSecureCache({
      env: {
        CACHE_BACKEND: 'memory',
        CACHE_UNSAFE_MEMORY: 'true',
        REDIS_ENCRYPTION_KEY: 'e7'.repeat(32),
        SECURITY_STATUS_TOKEN: SITE_TOKEN,
      },
      logger: false,
    })
    site = await serveStatus({ status: { cache }, before: staged.answer('/security') })
    browser = await launchBrowser(program)
    page = (await openPage(browser, { viewport: DESKTOP })).page
    await mkdir(IMAGES, { recursive: true })
  })
  after(async () => {
    await (browser as Browser | undefined)?.close()
    await (site as DashboardSite | undefined)?.close()
    await (cache as SecureCache | undefined)?.close()
  })

  async function draw(name: string): Promise<void> {
    const path = join(IMAGES, `${name}.png`)
    await page.screenshot({ path })
    expect((await stat(path)).size, name).to.be.below(MOST_BYTES)
  }

  it('show the door', async () => {
    await page.goto(site.address)
    await page.getByLabel('Token').waitFor()
    await draw('dashboard-door')
    await enterToken(page)
    await page.getByText('live', { exact: true }).waitFor()
  })

  for (const stage of STAGES) {
    it(`show the state "${stage}"`, async () => {
      staged.show(stage)
      await page.getByRole('heading', { name: HEADINGS[stage] }).waitFor()
      for (const size of [DESKTOP, PHONE]) {
        for (const scheme of ['light', 'dark'] as const) {
          await page.setViewportSize(size)
          await page.emulateMedia({ colorScheme: scheme })
          expect(await axeViolations(page), `${stage} ${String(size.width)} ${scheme}`).to.deep.equal([])
          const name = PICTURES.find((one) => one[1] === stage && one[2] === size && one[3] === scheme)?.[0]
          if (name !== undefined) await draw(name)
          else expect((await page.screenshot()).length).to.be.above(10_000)
        }
      }
    })
  }
})
