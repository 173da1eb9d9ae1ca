import { expect } from 'chai'
import express5 from 'express'
import type { Express, NextFunction, Request, Response } from 'express'
import express4 from 'express4'
import { afterEach, describe, it } from 'mocha'
import request from 'supertest'
import { createSecureCache, type CacheError, type SecureCache } from '../../lib/index.js'
import { secureCache, type SecureCacheHandler } from '../../middleware/secure-cache.js'

const options = { env: false, backend: 'memory', logger: false } as const

const versions: Readonly<Record<string, () => Express>> = {
  'Express 4': express4,
  'Express 5': express5,
}

for (const [version, express] of Object.entries(versions)) {
  describe(`secureCache() on ${version}`, () => {
    const opened: { close(): Promise<void> }[] = []

    function mounted(...given: Parameters<typeof secureCache>): SecureCacheHandler {
      const handler = secureCache(...given)
      opened.push(handler)
      return handler
    }

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((one) => one.close()))
    })

    /** Answers with the code of an error, as an application's own handler could. */
    function reportCode(error: CacheError, _req: Request, res: Response, _next: NextFunction): void {
      res.status(500).json({ code: error.code, message: error.message })
    }

    it('puts the cache on every request', async () => {
      const app = express()
      const handler = mounted(options)
      app.use(handler)
      app.get('/:id', (req, res, next) => {
        req.cache
          .getOrSet(`item:${req.params.id}`, () => ({ id: req.params.id, at: new Date(0) }))
          .then((item) => res.json(item), next)
      })
      const first = await request(app).get('/7')
      expect(first.body).to.deep.equal({ id: '7', at: '1970-01-01T00:00:00.000Z' })
      expect(await handler.cache.get('item:7')).to.deep.equal(first.body)
      expect((await request(app).get('/7')).body).to.deep.equal(first.body)
    })

    it('notices app.use(secureCache) without the call and says what to write', async () => {
      const app = express()
      app.use(secureCache as never)
      app.use(reportCode)
      const { status, body } = await request(app).get('/')
      expect(status).to.equal(500)
      expect(body).to.include({ code: 'ERR_CACHE_MISUSE' })
      expect(body.message).to.include('app.use(secureCache())')
    })

    it('puts the cache under another name where it is told to', async () => {
      const app = express()
      app.use(mounted({ ...options, property: 'vault' }))
      app.get('/', (req, res) => {
        res.json({ cache: typeof req.cache, vault: typeof (req as unknown as { vault: unknown }).vault })
      })
      expect((await request(app).get('/')).body).to.deep.equal({ cache: 'undefined', vault: 'object' })
    })

    it('keeps several caches of one application apart', async () => {
      const app = express()
      const a = mounted(options)
      const b = mounted({ ...options, property: 'vault' })
      app.use(a, b)
      app.get('/', async (req, res) => {
        const { vault } = req as unknown as { vault: SecureCache }
        await req.cache.set('key', 'a')
        await vault.set('key', 'b')
        res.json([await req.cache.get('key'), await vault.get('key')])
      })
      expect((await request(app).get('/')).body).to.deep.equal(['a', 'b'])
      await a.close()
      expect(await b.cache.get('key')).to.equal('b')
    })

    it('lets an inner router have a cache of its own', async () => {
      const app = express()
      const outer = mounted(options)
      const inner = mounted(options)
      app.use(outer)
      app.get('/outer', (req, res) => res.json(req.cache === outer.cache))
      app.use('/inner', inner, (req, res) => {
        res.json(req.cache === inner.cache)
      })
      expect((await request(app).get('/outer')).body).to.equal(true)
      expect((await request(app).get('/inner')).body).to.equal(true)
    })

    it('mounts an existing cache and leaves closing it to whoever made it', async () => {
      const cache = createSecureCache(options)
      opened.push(cache)
      const app = express()
      const handler = mounted({ cache })
      expect(handler.cache).to.equal(cache)
      expect(handler.monitor).to.equal(cache.monitor)
      app.use(handler)
      app.get('/', async (req, res) => {
        res.json(await req.cache.set('key', 1))
      })
      expect((await request(app).get('/')).body).to.equal(true)
      await handler.close()
      expect(await cache.get('key')).to.equal(1)
    })

    it('does not replace what somebody else put there', async () => {
      const app = express()
      app.use((req, _res, next) => {
        Object.assign(req, { cache: new Map() })
        next()
      })
      app.use(mounted(options))
      app.use(reportCode)
      const { body } = await request(app).get('/')
      expect(body).to.include({ code: 'ERR_CACHE_MISUSE' })
      expect(body.message).to.include('property')
    })
  })
}

describe('secureCache()', () => {
  it('throws at once for settings that cannot work, all of them in one error', () => {
    expect(() => secureCache({ env: { REDIS_HOST: 'redis', CACHE_TTL: '-1' } }))
      .to.throw()
      .with.property('problems')
      .with.length.greaterThan(2)
  })

  it('refuses unknown options and suggests the nearest, its own included', () => {
    expect(() => secureCache({ ...options, proprety: 'x' } as never))
      .to.throw(/property/)
      .with.property('code', 'ERR_CONFIG_OPTION')
  })

  it('refuses options that are none', () => {
    for (const bad of [null, 'redis://', 7, () => 1]) {
      expect(() => secureCache(bad as never))
        .to.throw()
        .with.property('code', 'ERR_CONFIG_OPTION')
    }
  })

  it('refuses names that belong to Node, Express or nobody', () => {
    for (const property of [
      'url',
      'body',
      'params',
      'headers',
      'on',
      '__proto__',
      'constructor',
      '',
      'a b',
      7,
    ]) {
      expect(() => secureCache({ ...options, property } as never))
        .to.throw(/property/)
        .with.property('code', 'ERR_CONFIG_OPTION')
    }
  })

  it('refuses to mount what is no cache, and options beside one', async () => {
    const handler = secureCache(options)
    for (const cache of [handler, {}, new Map(), handler.cache.namespace('a')]) {
      expect(() => secureCache({ cache } as never)).to.throw(/createSecureCache/)
    }
    expect(() => secureCache(Object.assign({ cache: handler.cache }, { ttl: 5 }))).to.throw(/existing cache/)
    await handler.close()
  })

  it('takes an explicit undefined for absent', async () => {
    const handler = secureCache({ ...options, cache: undefined, property: undefined, ttl: undefined })
    await handler.ready()
    expect(await handler.cache.set('key', 1)).to.equal(true)
    await handler.close()
    expect(await handler.cache.set('key', 1)).to.equal(false)
  })
})
