/**
 * Run as a process of its own, with every way of debugging switched on: does with planted secrets what goes
 * wrong in practice, prints whatever it gets hold of, and crashes in the end.
 */
import { subscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { SecurityEvents } from '../../lib/events.js'
import { createRedisClient } from '../../lib/redis/create-client.js'
import { openConnection } from '../../lib/redis/connection.js'
import { RedisStore } from '../../lib/redis/redis-store.js'
import { readSettings } from '../../lib/settings/read.js'
import { Secret } from '../../lib/settings/secret.js'

const KEY = 'ai_cache:planted-key'
const VALUE = 'planted-value'
const show = (label: string, thing: unknown) => {
  const json = JSON.stringify(thing, (_name, part: unknown) =>
    typeof part === 'bigint' ? String(part) : part,
  )
  process.stdout.write(`${label} ${inspect(thing, { depth: 12, showHidden: true })} ${json}\n`)
  if (thing instanceof Error) process.stdout.write(`${thing.stack}\n${String(thing.cause)}\n`)
}
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => error,
  )

for (const channel of ['command', 'batch', 'connect']) {
  for (const phase of ['start', 'end', 'asyncStart', 'asyncEnd', 'error']) {
    subscribe(`tracing:ioredis:${channel}:${phase}`, (message) => show(`traced ${channel} ${phase}`, message))
  }
}

const settings = readSettings()
const events = new SecurityEvents()
events.onAny((event) => show('event', event))

const wrong = openConnection({
  settings: { ...settings.redis, password: new Secret('planted-wrong-password') },
  events,
  purpose: 'canary',
  timeoutMs: 250,
})
wrong.client.on('error', (error) => show('client error', error))
show('wrong password', await failure(wrong.ready()))
show('connection', wrong)

const store = new RedisStore({ settings, events })
await store.ready()
show('store', store)
await store.set(KEY, Buffer.from(VALUE), 60_000)
show('read', (await store.get(KEY))?.length)
show('denied', await failure(store.get('planted-key-of-others')))
show('too large', await failure(store.set(KEY, Buffer.alloc(2 * 1024 * 1024, VALUE), null)))

const client = createRedisClient()
client.on('error', (error) => show('client error', error))
show('denied set', await failure(client.set('planted-key-of-others', VALUE)))
show('denied call', await failure(client.call('ACL', 'SETUSER', 'x', '>planted-new-password')))
show('unknown', await failure(client.call('NOSUCH', KEY, VALUE)))
show('wrong auth', await failure(client.call('AUTH', 'somebody', 'planted-wrong-password')))
const pipeline = client.pipeline().set(KEY, VALUE).set('planted-key-of-others', VALUE).call('NOSUCH', VALUE)
show('pipeline', pipeline)
show('pipeline results', await pipeline.exec())
const maintenance = createRedisClient({ user: 'maintenance' })
const transaction = maintenance.multi().set(KEY, VALUE).get(KEY).pttl('planted-key-of-others')
show('transaction', await failure(transaction.exec()))
show('client', [client, client.options, maintenance.duplicate({ lazyConnect: true })])

process.stdout.write('the scenario is complete\n')
// The crash prints the error with all its fields.
await client.set('planted-key-of-others', VALUE)
