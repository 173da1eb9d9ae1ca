import { setTimeout as pause } from 'node:timers/promises'
import { createSecureCache } from '../../lib/create.js'

/**
 * An application of its own, under load: reads and writes all the while, and counts what it could not read. Tells its
 * parent when its secrets were read anew, and its counts when it is asked.
 */
const KEYS = 100
const cache = createSecureCache({ reloadOn: ['SIGHUP'], logger: false })
const tell = (message: object): void => {
  process.send?.(message)
}
let reads = 0
let failed = 0
let ended = false

cache.monitor.on('config.reloaded', () => {
  tell({ type: 'reloaded' })
})
process.on('message', () => {
  tell({ type: 'counts', reads, failed })
})
process.on('disconnect', () => {
  ended = true
})

await cache.ready({ timeoutMs: 30_000 })
for (let n = 0; n < KEYS; n += 1) await cache.set(`key ${n}`, { n }, { ttl: '1h' })
tell({ type: 'ready' })
for (let round = 0; !isEnded(); round += 1) {
  const n = round % KEYS
  const value = await cache.get<{ n: number }>(`key ${n}`)
  reads += 1
  if (value?.n !== n) failed += 1
  // Half of what is read is written anew, the rest stays as it was sealed.
  if (n % 2 === 0 && !(await cache.set(`key ${n}`, { n }, { ttl: '1h' }))) failed += 1
  // Some hundred rounds a second: the commands beside it want to run, too.
  await pause(1)
}
await cache.close()

function isEnded(): boolean {
  return ended
}
