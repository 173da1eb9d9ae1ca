import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ConfigError } from '../lib/errors.js'
import {
  RELEASES,
  formatServerVersion,
  isSupportedVersion,
  parseServerVersion,
  type Release,
  type ServerVersion,
} from '../lib/redis/versions.js'
import type { Target } from './folder.js'

/** Written for a local server that cannot be asked. */
const FALLBACK = '7.0'
/** Written for a container where the settings say `auto`: maintained, and tried with this configuration. */
const CONTAINER_DEFAULT = '7.4'
const ASK_TIMEOUT_MS = 5000

/** What a shell calls. */
export interface Programs {
  readonly server: string
  readonly cli: string
  /** Variables in which the client looks for a password. */
  readonly passwordVariables: readonly string[]
}

/** Valkey promises nothing of the names that Redis gave its programs. */
const PROGRAMS: Readonly<Record<ServerVersion['product'], Programs>> = {
  redis: { server: 'redis-server', cli: 'redis-cli', passwordVariables: ['REDISCLI_AUTH'] },
  // Its client knew the first name alone in the beginning, and now prefers the second.
  valkey: {
    server: 'valkey-server',
    cli: 'valkey-cli',
    passwordVariables: ['REDISCLI_AUTH', 'VALKEYCLI_AUTH'],
  },
}

export function programsOf({ product }: ServerVersion): Programs {
  return PROGRAMS[product]
}

/** What the files are written for. */
export interface TargetServer {
  readonly version: ServerVersion
  /** How the version was found, for the summary. */
  readonly because: string
  /** The image of the release; absent where the table has none. */
  readonly release?: Release | undefined
}

/**
 * The version to write for. `auto` asks the program that will run: the local `redis-server`, or, for
 * containers, the table of images, because the image decides and not what is installed beside Docker.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID for a version that is too old, or without a pinned image where one
 *   is needed
 */
export async function resolveServer(setting: string, target: Target): Promise<TargetServer> {
  if (setting !== 'auto') return describe({ text: setting, because: 'REDIS_VERSION', target })
  if (target === 'container') {
    return describe({ text: CONTAINER_DEFAULT, because: 'the tried image for containers', target })
  }
  const found = await askLocalServer()
  return found === undefined
    ? describe({ text: FALLBACK, because: 'no redis-server was found to ask', target })
    : describe({ text: found, because: 'redis-server --version', target })
}

/** What `redis-server --version` says of itself, such as `7.0.15`; undefined where there is none. */
export async function askLocalServer(binary = 'redis-server'): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(binary, ['--version'], { timeout: ASK_TIMEOUT_MS })
    const [, product, version] = /^(Redis|Valkey) server v=(\d+\.\d+\.\d+)/i.exec(stdout) ?? []
    if (version === undefined) return undefined
    return product?.toLowerCase() === 'valkey' ? `valkey-${version}` : version
  } catch {
    return undefined
  }
}

function describe(request: { text: string; because: string; target: Target }): TargetServer {
  const version = parseServerVersion(request.text)
  if (version === undefined || !isSupportedVersion(version)) {
    throw refused('must be auto or a version such as 7.0, not below 6.2')
  }
  const line = formatServerVersion(version)
  const release = RELEASES.find((entry) => entry.version === line)
  if (request.target === 'container' && release === undefined) {
    const known = RELEASES.map((entry) => entry.version).join(', ')
    throw refused(`no image with the known fixes is listed for ${line}: write one of ${known}`)
  }
  return { version, because: request.because, release }
}

function refused(message: string): ConfigError {
  return new ConfigError('ERR_CONFIG_INVALID', `REDIS_VERSION: ${message}`, [
    { name: 'REDIS_VERSION', message },
  ])
}
