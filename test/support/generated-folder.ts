import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'dotenv'
import {
  generateConfig,
  initialEnvironment,
  startLocalServer,
  type GenerateOptions,
  type GenerateResult,
  type LocalServer,
} from '../../generators/index.js'
import { readSettings } from '../../lib/settings/read.js'
import type { Settings } from '../../lib/settings/settings.js'
import { freePort } from './redis-process.js'

/** Variables on top of a fresh set of secrets. */
export type Overrides = Readonly<Record<string, string>>

/** A folder of its own for one test; gone after `remove`. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'secure-cache-generated-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** Variables as `secure-cache init` would make them for a folder, with `overrides`. */
async function freshEnvironment(out: string, overrides: Overrides): Promise<Overrides> {
  return { ...parse(await initialEnvironment({ host: '127.0.0.1', port: 6379, out })), ...overrides }
}

/** Settings as `secure-cache init` would make them, with `overrides`. */
export async function freshSettings(overrides: Overrides = {}): Promise<Settings> {
  return readSettings({ env: await freshEnvironment('secure-redis', overrides), purpose: 'generator' })
}

export interface BootedFolder {
  readonly out: string
  readonly port: number
  readonly settings: Settings
  /** What the application is given: enough for `createSecureCache({ env })`. */
  readonly env: Overrides
  readonly result: GenerateResult
  readonly server: LocalServer
  stop(): Promise<void>
}

/** Generates for this machine and boots a real server from exactly those files. */
export async function bootGenerated(
  overrides: Overrides = {},
  options: Partial<GenerateOptions> = {},
): Promise<BootedFolder> {
  const folder = await temporaryFolder()
  const port = await freePort()
  try {
    const env = await freshEnvironment(folder.path, { REDIS_PORT: String(port), ...overrides })
    const settings = options.settings ?? readSettings({ env, purpose: 'generator' })
    const result = await generateConfig({ ...options, settings, out: folder.path, target: 'local' })
    const server = await startLocalServer({ out: folder.path })
    return {
      out: folder.path,
      port: settings.redis.port,
      settings,
      env,
      result,
      server,
      async stop() {
        await server.stop()
        await folder.remove()
      },
    }
  } catch (error) {
    await folder.remove()
    throw error
  }
}
