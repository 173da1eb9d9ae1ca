import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { secureCache, securityStatus, type SecureCacheHandler } from '../../middleware/index.js'

/** The example's slow source of data: what a cache is for. */
export interface Report {
  readonly id: string
  readonly patient: string
  readonly summary: string
  readonly writtenAt: string
}

export interface DemoApplication {
  readonly url: string
  readonly cache: SecureCacheHandler
  close(): Promise<void>
}

/** An ordinary Express application; the three lines about the cache are all that a team has to add. */
export async function startApplication(
  env: Readonly<Record<string, string>>,
  port: number,
): Promise<DemoApplication> {
  const app = express()
  const cache = secureCache({ env, logger: false })
  app.use(cache)
  app.use('/security', securityStatus())

  app.get('/reports/:id', async (req, res) => {
    const started = performance.now()
    let loaded = false
    const report = await req.cache.getOrSet(
      `report:${req.params.id}`,
      () => {
        loaded = true
        return writeReport(req.params.id)
      },
      { ttl: 600 },
    )
    res.set('X-Cache', loaded ? 'miss' : 'hit')
    res.set('Server-Timing', `handler;dur=${(performance.now() - started).toFixed(1)}`)
    res.json(report)
  })

  const server = await listen(app, port)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cache,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await cache.close({ timeoutMs: 1000 })
    },
  }
}

function listen(app: express.Express, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = app.listen(port, '127.0.0.1', (error?: Error) => (error ? reject(error) : resolve(server)))
  })
}

/** Stands for a language model or a slow query: a fifth of a second for each answer. */
async function writeReport(id: string): Promise<Report> {
  await new Promise((resolve) => setTimeout(resolve, 200))
  return {
    id,
    patient: 'Ada Example',
    summary: 'blood pressure normal, next visit in spring',
    writtenAt: new Date().toISOString(),
  }
}
