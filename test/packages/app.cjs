// The same from CommonJS: Node loads the modules by require().
const assert = require('node:assert/strict')
const { once } = require('node:events')
const express = require('express')
const { isCacheError, secureCache } = require('express-secure-cache')
const { createSealer } = require('express-secure-cache/cache')
const { generateConfig } = require('express-secure-cache/generators')

async function main() {
  const cache = secureCache({ env: false, backend: 'memory', logger: false })
  const app = express()
  app.use(cache)
  app.get('/', (req, res, next) => {
    req.cache.getOrSet('now', () => Date.now()).then((now) => res.json({ now }), next)
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const get = async () => (await fetch(`http://127.0.0.1:${server.address().port}/`)).json()
  assert.deepEqual(await get(), await get())

  assert.equal(typeof createSealer, 'function')
  assert.equal(typeof generateConfig, 'function')
  assert.equal(isCacheError(new Error('another')), false)
  await cache.close()
  server.close()
  server.closeAllConnections()
  console.log('commonjs: fine')
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
