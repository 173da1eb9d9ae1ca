/**
 * An application that is being watched: it does everything the library offers, goes wrong in every way its
 * parent arranges, and prints all that it can see. The parent looks for planted secrets in what came out.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { createSecureCache, createRedisClient, createSealer } from '../../../lib/index.js'
import type { SecureCache } from '../../../lib/index.js'
import { secureCache, securityStatus, type SecureCacheHandler } from '../../../middleware/index.js'
import type { Message, Order, Planted } from './orders.js'
import { say, tell } from './tell.js'

type Environment = Readonly<Record<string, string>>
type RedisClient = ReturnType<typeof createRedisClient>

/** Everything that is open at a time. */
interface Scene {
  readonly handler: SecureCacheHandler
  readonly strict: SecureCache
  readonly client: RedisClient
  readonly server: Server
  readonly token: string
}

let planted: Planted = { keyName: '', value: '' }
let scene: Scene | undefined

for (const channel of ['command', 'connect', 'batch']) {
  for (const moment of ['start', 'end', 'asyncStart', 'asyncEnd', 'error']) {
    subscribe(`tracing:ioredis:${channel}:${moment}`, (message) =>
      tell(`channel ${channel} ${moment}`, message),
    )
  }
}

async function open(env: Environment): Promise<void> {
  const handler = secureCache({ env })
  const strict = createSecureCache({ env, onFailure: 'throw' })
  const client = createRedisClient({ env })
  client.on('error', (error: unknown) => tell('client error event', error))
  const app = express()
  app.use(handler)
  app.use('/security', securityStatus())
  app.get('/boom', async () => {
    // Express's own error page shows whatever the error has to say.
    await strict.set(planted.keyName, { text: planted.value })
    await strict.get(planted.keyName)
    throw new Error('nothing failed')
  })
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  handler.cache.monitor.on('auth.failure', (event) => tell('event', event))
  scene = { handler, strict, client, server, token: env['SECURITY_STATUS_TOKEN'] ?? '' }
  await attempt('ready', () => handler.ready({ timeoutMs: 1500 }))
  await attempt('strict ready', () => strict.ready({ timeoutMs: 1500 }))
}

async function exercise(label: string, { handler, strict, client, server, token }: Scene): Promise<void> {
  const { keyName, value } = planted
  const kept = { text: value, nested: [{ text: value }] }
  for (const [name, cache] of [
    ['degrading', handler.cache],
    ['strict', strict],
  ] as const) {
    const tried = `${label} ${name}`
    await attempt(`${tried} set`, () => cache.set(keyName, kept))
    // Read values are the application's own; only what goes wrong is told.
    await attempt(`${tried} get`, () => cache.get(keyName).then(ignore))
    await attempt(`${tried} getOrSet`, () => cache.getOrSet(keyName, () => kept).then(ignore))
    await attempt(`${tried} has`, () => cache.has(keyName))
    await attempt(`${tried} ttl`, () => cache.ttl(keyName))
    await attempt(`${tried} touch`, () => cache.touch(keyName, 60))
    await attempt(`${tried} setMany`, () => cache.setMany([[keyName, kept]]))
    await attempt(`${tried} getMany`, () => cache.getMany([keyName]).then(ignore))
    await attempt(`${tried} namespace`, () => cache.namespace('inner').set(keyName, kept))
    await attempt(`${tried} deleteMany`, () => cache.deleteMany([`${keyName}-absent`]))
    tell(`${tried} itself`, cache)
    tell(`${tried} events`, [...cache.monitor.recentEvents()])
    tell(`${tried} summary`, cache.monitor.summary())
  }
  await attempt(`${label} client set`, () => client.set(`ai_cache::${keyName}`, value))
  await attempt(`${label} client outside`, () => client.set(`elsewhere:${keyName}`, value))
  await attempt(`${label} client forbidden`, () => client.config('SET', 'requirepass', value))
  await attempt(`${label} client script`, () =>
    client.eval('return ARGV[1]', 1, `ai_cache::${keyName}`, value),
  )
  await attempt(`${label} client pipeline`, () => client.pipeline().set(`elsewhere:${keyName}`, value).exec())
  await attempt(`${label} client transaction`, () => client.multi().set(`elsewhere:${keyName}`, value).exec())
  tell(`${label} client itself`, client)
  tell(`${label} client pipeline itself`, client.pipeline().set(keyName, value))
  await ask(`${label} status`, server, '/security/status', token)
  await ask(`${label} events`, server, '/security/events', token)
  await ask(`${label} status without token`, server, '/security/status', 'wrong')
  await ask(`${label} health`, server, '/security/health', '')
  await ask(`${label} error page`, server, '/boom', '')
}

/** Arguments that no cache takes, with secrets in them. */
async function misuse({ strict }: Scene): Promise<void> {
  const { keyName, value } = planted
  const wrong: readonly (readonly [string, () => unknown])[] = [
    ['clearing', () => strict.namespace('inner').clear()],
    ['a key that is too long', () => strict.get(keyName.repeat(100))],
    ['a key with half a character', () => strict.get(`${keyName}\u{d800}`)],
    ['a reserved namespace', () => strict.namespace(`@${keyName}`)],
    ['a map', () => strict.set(keyName, { text: value, map: new Map([[value, value]]) } as never)],
    ['a number that is none', () => strict.set(keyName, { text: value, number: Number.NaN })],
    ['a value without end', () => strict.set(keyName, { text: value, self: endless() })],
    ['a value that is too large', () => strict.set(keyName, value.repeat(200_000))],
    ['a time to live', () => strict.set(keyName, value, { ttl: value as never })],
    [
      'a sealed text of somebody else',
      () => createSealer({ env: {} }).open(Buffer.from(value), { context: keyName }),
    ],
    ['an unknown option', () => createSecureCache({ env: {}, vaule: value } as never)],
    ['a wrong option', () => createSecureCache({ env: {}, backend: value, keyPrefix: value } as never)],
  ]
  for (const [name, act] of wrong) await attempt(name, act)
}

function endless(): object {
  const loop: { self?: object } = {}
  loop.self = loop
  return loop
}

async function ask(label: string, server: Server, path: string, token: string): Promise<void> {
  await attempt(label, async () => {
    const { port } = server.address() as AddressInfo
    const headers = token === '' ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
    const shown = JSON.stringify(Object.fromEntries(response.headers))
    say(`--- ${label}: ${response.status} ${shown} ${await response.text()}`)
  })
}

async function attempt(label: string, act: () => unknown): Promise<void> {
  try {
    tell(`${label}: done`, await act())
  } catch (error) {
    tell(`${label}: failed`, error)
  }
}

async function close(): Promise<void> {
  if (scene === undefined) return
  const { handler, strict, client, server } = scene
  scene = undefined
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await Promise.all([handler.close({ timeoutMs: 500 }), strict.close({ timeoutMs: 500 })])
  client.disconnect()
}

const ACTIONS: { [K in Order['do']]: (order: Extract<Order, { do: K }>) => Promise<void> } = {
  open: ({ env }) => open(env),
  misconfigure: ({ env }) => attempt('misconfigured', () => secureCache({ env })),
  misuse: async () => (scene === undefined ? undefined : misuse(scene)),
  exercise: async ({ label }) => (scene === undefined ? undefined : exercise(label, scene)),
  close,
  crash: async () => {
    // Nobody catches it: Node prints it and ends the process.
    setImmediate(() => {
      void scene?.strict
        .set(planted.keyName, { text: planted.value })
        .then(() => scene?.strict.get(planted.keyName))
    })
  },
}

function ignore(): void {
  // A value that was read is the application's to keep to itself.
}

process.on('message', (message: Message) => {
  if ('planted' in message) {
    planted = message.planted
    return
  }
  const act = ACTIONS[message.do] as (order: Order) => Promise<void>
  void act(message).then(() => process.send?.('done'))
})
