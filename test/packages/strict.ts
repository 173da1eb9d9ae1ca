// What a strict user writes; compiled against the packed declarations, never run.
import express from 'express'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import { isCacheError, secureCache, securityStatus } from 'express-secure-cache'
import type { Cache, SecureCacheOptions } from 'express-secure-cache'
import { createRedisClient, createSealer, createSecureCache } from 'express-secure-cache/cache'
import type { SecureCache } from 'express-secure-cache/cache'
import { generateConfig } from 'express-secure-cache/generators'

interface User {
  readonly id: string
  readonly name: string
  readonly since: Date
  greet(): string
}

declare function loadUser(id: string): Promise<User>

// An explicit undefined counts as absent, also under exactOptionalPropertyTypes.
const options: SecureCacheOptions = {
  env: false,
  backend: 'memory',
  ttl: undefined,
  redis: { url: undefined },
}
const cache = secureCache(options)

const showUser: RequestHandler = (req, res, next) => {
  const id = String(req.params['id'])
  req.cache
    .getOrSet(`user:${id}`, async ({ key, signal, setTtl }) => {
      setTtl(key.length > 20 || signal.aborted ? '15m' : 60)
      return loadUser(id)
    })
    .then((user) => {
      const since: string = user.since
      // @ts-expect-error what comes back went through JSON: a method is gone
      user.greet()
      res.json({ id: user.id, since })
    })
    .catch(next)
}

const reportError: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  const code: string = isCacheError(error) ? error.code : 'ERR'
  res.status(500).json({ code })
}

const app = express()
app.use(cache)
app.use('/security', securityStatus())
app.get('/user/:id', showUser)
app.use(reportError)

export async function work(): Promise<number> {
  const own: SecureCache = createSecureCache(options)
  const people: Cache = own.namespace('people')
  await own.ready({ timeoutMs: 1000 })
  const found: User | undefined = await people.get<User>('7')
  const unknown: unknown = await people.get('7')
  const many: Map<string, { name: string }> = await people.getMany<{ name: string }>(['7', '8'])
  await people.set('7', { found, unknown }, { ttl: null, lifetime: '7d' })
  own.monitor.on('decrypt.failure', ({ reason, at }) => console.log(reason.toUpperCase(), at))
  const failures: number = own.monitor.failureCount(24)
  await own.close()
  return many.size + failures
}

export const parts = [createRedisClient, createSealer, generateConfig]
