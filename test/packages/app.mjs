// An application as a module: one read through the cache, the status beside it, two ways to the same cache.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import express from 'express'
import { isCacheError, secureCache, securityStatus } from 'express-secure-cache'
import { createSecureCache } from 'express-secure-cache/cache'

const cache = secureCache({ env: false, backend: 'memory', logger: false })
let computed = 0

const app = express()
app.use(cache)
app.use('/security', securityStatus({ authorize: () => true }))
app.get('/summary/:id', (req, res, next) => {
  req.cache
    .getOrSet(`summary:${req.params.id}`, () => ({ id: req.params.id, computed: ++computed }), { ttl: 600 })
    .then((summary) => res.json(summary), next)
})

const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = `http://127.0.0.1:${server.address().port}`
const get = async (path) => (await fetch(`${address}${path}`)).json()

assert.deepEqual(await get('/summary/7'), { id: '7', computed: 1 })
assert.deepEqual(await get('/summary/7'), { id: '7', computed: 1 })
assert.deepEqual(await get('/summary/8'), { id: '8', computed: 2 })
assert.equal(typeof (await get('/security/status')).encryption_enabled, 'boolean')

const alone = createSecureCache({ env: false, backend: 'memory', logger: false })
assert.equal(await alone.set('greeting', { hello: 'world' }), true)
assert.deepEqual(await alone.get('greeting'), { hello: 'world' })
await assert.rejects(alone.set('greeting', 1n), isCacheError)

await Promise.all([alone.close(), cache.close()])
server.close()
server.closeAllConnections()
console.log('module: fine')
