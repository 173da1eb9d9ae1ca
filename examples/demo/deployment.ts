import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { Redis } from 'ioredis'
import {
  generateConfig,
  initialEnvironment,
  startLocalServer,
  type GenerateResult,
  type LocalServer,
} from '../../generators/index.js'
import { encode } from '../../lib/crypto/codec.js'
import { Envelope } from '../../lib/crypto/envelope.js'
import { KeyRing } from '../../lib/crypto/key-ring.js'
import { readSettings } from '../../lib/settings/read.js'
import type { Settings } from '../../lib/settings/settings.js'
import type { Target } from './attacker.js'

export type Environment = Readonly<Record<string, string>>

/** A hardened Redis in a temporary folder, booted from exactly what the generator wrote there. */
export interface Deployment {
  readonly folder: string
  readonly generated: GenerateResult
  /** What an application needs, as an environment file would give it. */
  readonly env: Environment
  /** Holds the header that opens the status: `curl -H @file` keeps the token off the screen and the command line. */
  readonly statusHeaderFile: string
  /** The address, with the application's certificate: as if it had been stolen. */
  readonly target: Target
  /** Logged in as the administrator, who may read and write everything. */
  readonly admin: Redis
  /** The complete Redis key of a key of the root namespace. */
  redisKey(key: string): string
  /** The line that logs in as the application, over a bare socket. */
  loginLine(): string
  envWithForeignKey(): Environment
  /** What the cache would have written two hours ago for one hour. */
  sealedTwoHoursAgo(key: string, value: unknown): Buffer
  kill(): Promise<void>
  start(): Promise<void>
  /** Stops the server and removes the folder. */
  remove(): Promise<void>
}

const HOUR_MS = 3_600_000

export async function deploy(): Promise<Deployment> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-cache-demo-'))
  try {
    const out = join(folder, 'secure-redis')
    const port = await freePort()
    const env = {
      ...parse(await initialEnvironment({ host: '127.0.0.1', port, out })),
      CACHE_BACKEND: 'redis',
    }
    const settings = readSettings({ env, purpose: 'generator' })
    const generated = await generateConfig({ settings, out, target: 'local' })
    return await boot({ folder, out, env, settings, generated })
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

interface Prepared {
  readonly folder: string
  readonly out: string
  readonly env: Environment
  readonly settings: Settings
  readonly generated: GenerateResult
}

async function boot({ folder, out, env, settings, generated }: Prepared): Promise<Deployment> {
  const file = (path: string): Promise<string> => readFile(join(out, path), 'utf8')
  const { host, port, keyPrefix } = settings.redis
  const ca = await file('app/ca.crt')
  const target = { host, port, ca, cert: await file('app/client.crt'), key: await file('app/client.key') }
  const statusHeaderFile = join(folder, 'status-header')
  const token = settings.security.statusToken?.reveal() ?? ''
  await writeFile(statusHeaderFile, `Authorization: Bearer ${token}\n`, { mode: 0o600 })
  let server: LocalServer = await startLocalServer({ out })
  const admin = new Redis({
    host,
    port,
    username: 'admin',
    password: (await file('operator/admin_password')).trim(),
    tls: { ca, cert: await file('operator/admin.crt'), key: await file('operator/admin.key') },
    retryStrategy: (attempt) => Math.min(attempt * 50, 500),
  })
  // The server is killed on purpose later; its absence is not news.
  admin.on('error', () => undefined)
  return {
    folder,
    generated,
    env,
    statusHeaderFile,
    target,
    admin,
    redisKey: (key) => `${keyPrefix}:${key}`,
    loginLine: () => `AUTH ${settings.users.cache.username} ${settings.users.cache.password?.reveal() ?? ''}`,
    envWithForeignKey: () => ({ ...env, REDIS_ENCRYPTION_KEY: randomBytes(32).toString('base64url') }),
    sealedTwoHoursAgo(key, value) {
      const keyRing = KeyRing.create(settings.encryption)
      const past = new Envelope({ keyRing, now: () => Date.now() - 2 * HOUR_MS })
      const { codec, payload } = encode(value)
      return past.namespace(keyPrefix, '').seal(key, payload, { codec, lifetimeSeconds: HOUR_MS / 1000 })
    },
    kill: () => server.kill(),
    async start() {
      server = await startLocalServer({ out })
    },
    async remove() {
      admin.disconnect()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
