import { randomBytes } from 'node:crypto'
import { linkSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from './errors.js'
import { Secret } from './settings/secret.js'

const FOLDER = '.secure-cache'
const FILE = 'dev-key'

/** A key that nobody else has and that ends with this process: what was sealed under it dies with it. */
export function processKey(): Secret {
  return new Secret(randomBytes(32).toString('hex'))
}

/**
 * The key that dev mode keeps in `.secure-cache/dev-key` of the working directory (0600), so that values in
 * Redis outlive a restart. Made where it is missing; two processes that start together end up with one.
 *
 * Throws a ConfigError where the file cannot be made or read, or where others may read it.
 */
export function devKey(folder: string): Secret {
  const path = join(folder, FOLDER, FILE)
  try {
    return readKey(path) ?? makeKey(path, folder)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw refusal('it can neither be read nor made here. Check the rights of the folder')
  }
}

function makeKey(path: string, folder: string): Secret {
  mkdirSync(join(folder, FOLDER), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
  try {
    writeFileSync(draft, `${processKey().reveal()}\n`, { mode: 0o600, flag: 'wx' })
    // A link appears whole or not at all, and never over the one that another process has just made.
    linkSync(draft, path)
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  } finally {
    rmSync(draft, { force: true })
  }
  return readKey(path) ?? refuse('it vanished while it was being made')
}

/** `undefined` where there is none. */
function readKey(path: string): Secret | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return undefined
  if (!found.isFile()) refuse('it is no regular file. Remove it')
  // Windows has no such modes; there the folder's own rights are what protects it.
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    refuse('others may read it. Type: chmod 600 .secure-cache/dev-key, or remove it')
  }
  // Somebody else's file holds a key that somebody else knows.
  if (process.getuid !== undefined && found.uid !== process.getuid()) {
    refuse('it belongs to another user. Remove it')
  }
  const text = readFileSync(path, 'utf8').trim()
  if (!/^[0-9a-f]{64}$/.test(text)) refuse('it holds no key of 64 hex digits. Remove it: a new one is made')
  return new Secret(text)
}

function refuse(problem: string): never {
  throw refusal(problem)
}

function refusal(problem: string): ConfigError {
  const message = `.secure-cache/dev-key, the key of dev mode: ${problem}, or set REDIS_ENCRYPTION_KEY.`
  return new ConfigError('ERR_CONFIG_INVALID', message, [{ name: 'REDIS_ENCRYPTION_KEY', message }])
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
