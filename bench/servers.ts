import { execFileSync, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { generateConfig, initialEnvironment, startLocalServer } from '../generators/index.js'
import { readSettings } from '../lib/settings/read.js'
import type { Access, Login } from './access.js'

const HOST = '127.0.0.1'
const BINARY = 'redis-server'
/** What the cache's user may do (lib/access/roles.ts), for the plain server. */
const RIGHTS = '-@all +get +mget +set +unlink +ping'

export interface Servers {
  readonly access: Access
  readonly plainPid: number
  readonly hardenedPid: number
  readonly version: string
  stop(): Promise<void>
}

/** Core of the servers and core of the clients; the same, and no pinning, where there is only one. */
export const CORES: { readonly server: number; readonly client: number } | undefined =
  availableParallelism() > 1 && hasTaskset() ? { server: 0, client: 1 } : undefined

/** One plain server and one from the generator's files: same program, same machine, one core. */
export async function startServers(): Promise<Servers> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-cache-bench-'))
  try {
    const plain = await startPlain(folder)
    const hardened = await startHardened(folder)
    for (const pid of [plain.pid, hardened.pid]) pin(pid)
    return {
      access: { ...plain.logins, ...hardened.access },
      plainPid: plain.pid,
      hardenedPid: hardened.pid,
      version: execFileSync(BINARY, ['--version'], { encoding: 'utf8' }).trim(),
      async stop() {
        await Promise.all([plain.stop(), hardened.stop()])
        await rm(folder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

async function startPlain(folder: string): Promise<{
  logins: Pick<Access, 'open' | 'password' | 'acl'>
  pid: number
  stop: () => Promise<void>
}> {
  const port = await freePort()
  const password = randomBytes(24).toString('base64url')
  const hash = createHash('sha256').update(password).digest('hex')
  const file = join(folder, 'plain.conf')
  const lines = [
    `bind ${HOST}`,
    `port ${port}`,
    `dir "${folder}"`,
    'save ""',
    'appendonly no',
    'maxmemory 256mb',
    'maxmemory-policy allkeys-lfu',
    `user with_password on #${hash} ~* &* +@all`,
    `user with_rights on #${hash} ~ai_cache:* resetchannels ${RIGHTS}`,
  ]
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 })
  const child = spawn(BINARY, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const end = (): void => void child.kill('SIGKILL')
  process.once('exit', end)
  for await (const text of child.stdout.setEncoding('utf8')) {
    if (String(text).includes('Ready to accept connections')) break
  }
  if (child.exitCode !== null) throw new Error('the plain server did not start')
  const login = (username: string): Login => ({ host: HOST, port, username, password })
  return {
    logins: { open: { host: HOST, port }, password: login('with_password'), acl: login('with_rights') },
    pid: child.pid ?? 0,
    async stop() {
      const closed = once(child, 'close')
      end()
      await closed
      process.removeListener('exit', end)
    },
  }
}

async function startHardened(folder: string): Promise<{
  access: Omit<Access, 'open' | 'password' | 'acl'>
  pid: number
  stop: () => Promise<void>
}> {
  const out = join(folder, 'secure-redis')
  const port = await freePort()
  const env = {
    ...parse(await initialEnvironment({ host: HOST, port, out })),
    CACHE_BACKEND: 'redis',
    // A loaded machine is a slow one, and no failure.
    CACHE_TIMEOUT_MS: '10000',
  }
  const settings = readSettings({ env, purpose: 'generator' })
  await generateConfig({ settings, out, target: 'local' })
  const server = await startLocalServer({ out, binary: BINARY })
  const file = (path: string): Promise<string> => readFile(join(out, path), 'utf8')
  const { cache, admin } = settings.users
  const ca = await file('app/ca.crt')
  return {
    access: {
      hardened: {
        host: HOST,
        port,
        username: cache.username,
        password: cache.password?.reveal() ?? '',
        tls: {
          ca,
          cert: await file('app/client.crt'),
          key: await file('app/client.key'),
        },
      },
      administrator: {
        host: HOST,
        port,
        username: admin.username,
        password: (await file('operator/admin_password')).trim(),
        tls: { ca, cert: await file('operator/admin.crt'), key: await file('operator/admin.key') },
      },
      env,
      keyPrefix: settings.redis.keyPrefix,
      encryptionKey: settings.encryption.enabled ? (settings.encryption.key?.reveal() ?? '') : '',
    },
    pid: server.pid,
    stop: () => server.stop(),
  }
}

function pin(pid: number): void {
  if (CORES === undefined) return
  execFileSync('taskset', ['-apc', String(CORES.server), String(pid)], { stdio: 'ignore' })
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, HOST)
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
