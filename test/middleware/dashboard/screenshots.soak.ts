import { expect } from 'chai'
import express from 'express'
import { describe, it } from 'mocha'
import { once } from 'node:events'
import { mkdir, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

import { inspectCache } from '../../../lib/create.js'
import { securityStatus, secureCache } from '../../../middleware/index.js'
import { findChromium, launchBrowser, openPage } from '../../support/browser.js'
import { startRedis } from '../../support/redis-server.js'
import type { RunningRedis } from '../../support/redis-server.js'

const TOKEN = 'right-token-0123456789-0123456789-0123'
const IMAGES = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'images')
const MOST_BYTES = 200_000

/** Draws the pictures of docs/monitoring.md from the page as it is, over a real server under a real attack. */
describe('the pictures of the dashboard', () => {
  it('show a safe cache, an attack, a phone and the door', async function () {
    const program = findChromium()
    if (program === undefined) this.skip()
    const redis = await startRedis()
    const handler = secureCache({ env: { ...redis.env, SECURITY_STATUS_TOKEN: TOKEN }, logger: false })
    const app = express()
    app.use(handler)
    app.use('/security', securityStatus())
    const server = createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const browser = await launchBrowser(program)
    try {
      await mkdir(IMAGES, { recursive: true })
      await handler.ready()
      for (let id = 0; id < 40; id += 1) await handler.cache.getOrSet(`summary:${String(id % 12)}`, () => id)
      const { page } = await openPage(browser, { viewport: { width: 1000, height: 860 } })
      const draw = async (name: string, colorScheme: 'light' | 'dark', fullPage = false): Promise<void> => {
        await page.emulateMedia({ colorScheme })
        const path = join(IMAGES, `${name}.png`)
        await page.screenshot({ path, fullPage })
        expect((await stat(path)).size, name).to.be.below(MOST_BYTES)
      }
      await page.goto(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/security`)
      await draw('dashboard-door', 'light')
      await page.getByLabel('Token').fill(TOKEN)
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'The cache is safe' }).waitFor()
      await page.getByText('live', { exact: true }).waitFor()
      await draw('dashboard-safe', 'light')
      await attack(redis, handler.cache)
      await inspectCache(handler.cache).watch.look()
      await page.getByRole('heading', { name: 'The cache is not safe' }).waitFor()
      await draw('dashboard-attack', 'dark')
      await page.setViewportSize({ width: 390, height: 844 })
      await draw('dashboard-phone', 'light')
    } finally {
      await browser.close()
      server.closeAllConnections()
      server.close()
      await handler.close()
      await redis.stop()
    }
  })
})

/** Twelve wrong passwords, and a value moved to another key. */
async function attack(redis: RunningRedis, cache: { get(key: string): Promise<unknown> }): Promise<void> {
  const admin = redis.admin()
  for (let guess = 0; guess < 12; guess += 1) {
    await admin.call('AUTH', 'admin', `guess-${String(guess)}`).catch(() => undefined)
  }
  await admin.copy('ai_cache::summary:1', 'ai_cache::moved')
  await cache.get('moved')
}
