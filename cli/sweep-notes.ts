import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = '.secure-cache'
const PATH = join(FOLDER, 'sweep.json')

/** Which sweep a place belongs to. */
export interface SweepPlace {
  readonly keyPrefix: string
  /** The key that everything is to lie under. */
  readonly keyId: string
}

/**
 * Where a sweep was stopped, for the next one: no secret, in `.secure-cache/sweep.json` of the working directory. A
 * place of another run of the server costs nothing but one more walk: a sweep that began in the middle always looks
 * at everything once more.
 */
export function rememberSweep(place: SweepPlace, cursor: string): void {
  try {
    mkdirSync(FOLDER, { recursive: true, mode: 0o700 })
    writeFileSync(PATH, JSON.stringify({ ...place, cursor }), { mode: 0o600 })
  } catch {
    // Where nothing can be written a sweep begins anew.
  }
}

export function forgetSweep(): void {
  rmSync(PATH, { force: true })
}

export function rememberedCursor({ keyPrefix, keyId }: SweepPlace): string | undefined {
  try {
    const noted = JSON.parse(readFileSync(PATH, 'utf8')) as Partial<Record<string, unknown>>
    const { cursor } = noted
    const isSame = noted['keyPrefix'] === keyPrefix && noted['keyId'] === keyId
    return isSame && typeof cursor === 'string' && /^[0-9]{1,20}$/.test(cursor) ? cursor : undefined
  } catch {
    return undefined
  }
}
