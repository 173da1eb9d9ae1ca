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

/** Settings as `secure-cache init` would make them, with `overrides`. */
export async function freshSettings(overrides: Overrides = {}): Promise<Settings> {
  const env = parse(await initialEnvironment({ host: '127.0.0.1', port: 6379, out: 'secure-redis' }))
  return readSettings({ env: { ...env, ...overrides }, purpose: 'generator' })
}

export interface BootedFolder {
  readonly out: string
  readonly port: number
  readonly settings: Settings
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
    const settings = options.settings ?? (await freshSettings({ REDIS_PORT: String(port), ...overrides }))
    const result = await generateConfig({ ...options, settings, out: folder.path, target: 'local' })
    const server = await startLocalServer({ out: folder.path })
    return {
      out: folder.path,
      port: settings.redis.port,
      settings,
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
