import express from 'express'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'

import { securityStatus, secureCache } from '../../middleware/index.js'
import type { SecurityStatusOptions, SecureCacheHandler } from '../../middleware/index.js'

export const SITE_TOKEN = 'right-token-0123456789-0123456789-0123'

/** An application whose status is to be seen. Whoever serves it closes it. */
export interface DashboardSite {
  /** Of the dashboard, without a slash at its end. */
  readonly address: string
  close(): Promise<void>
}

export interface SiteOptions {
  readonly status?: SecurityStatusOptions | undefined
  /** Runs before everything else. */
  readonly before?: express.RequestHandler | undefined
  /** Where the status is mounted, at each of them. */
  readonly paths?: readonly string[] | undefined
}

/** Serves the status of the cache that the options name, or of the one that `before` puts on the request. */
export async function serveStatus(options: SiteOptions): Promise<DashboardSite> {
  const { status, before, paths = ['/security'] } = options
  const app = express()
  if (before !== undefined) app.use(before)
  for (const path of paths) app.use(path, securityStatus(status))
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    address: `http://127.0.0.1:${String(port)}${paths[0] ?? ''}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A site with a cache of its own, which closes with it. */
export async function serveCache(
  env: Readonly<Record<string, string>>,
  options: SiteOptions = {},
): Promise<DashboardSite & { readonly handler: SecureCacheHandler }> {
  const handler = secureCache({ env: { SECURITY_STATUS_TOKEN: SITE_TOKEN, ...env }, logger: false })
  const site = await serveStatus({ ...options, status: { cache: handler, ...options.status } })
  return {
    ...site,
    handler,
    async close() {
      await site.close()
      await handler.close()
    },
  }
}

/** Types the token into the page. */
export async function enterToken(page: Page, token = SITE_TOKEN): Promise<void> {
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Show the status' }).click()
}

/** The state of one check, as the page shows it. */
export function stateOf(page: Page, id: string): Promise<string | null> {
  return page.locator(`[data-check=${id}]`).getAttribute('data-state')
}
