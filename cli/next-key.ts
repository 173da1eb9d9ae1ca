import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = '.secure-cache'
const PATH = join(FOLDER, 'next-key.json')

/**
 * Which key was generated to be promoted next: its id, no secret, in `.secure-cache/next-key.json` of the working
 * directory. Nothing in a list of keys tells the next one from the previous one, and promoting the previous one once
 * more, by typing a command twice, would undo a rotation.
 */
export function noteNextKey(keyId: string): void {
  try {
    mkdirSync(FOLDER, { recursive: true, mode: 0o700 })
    writeFileSync(PATH, JSON.stringify({ keyId }), { mode: 0o600 })
  } catch {
    // Where nothing can be written whoever promotes names the key.
  }
}

/** The id; `undefined` where none was noted here, or it has been promoted. */
export function nextKey(): string | undefined {
  try {
    const { keyId } = JSON.parse(readFileSync(PATH, 'utf8')) as { readonly keyId?: unknown }
    return typeof keyId === 'string' && /^[0-9a-f]{32}$/.test(keyId) ? keyId : undefined
  } catch {
    return undefined
  }
}

export function forgetNextKey(): void {
  rmSync(PATH, { force: true })
}
