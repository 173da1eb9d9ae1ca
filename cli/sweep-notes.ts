import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WalkPlace } from '../lib/keys/walk.js'

const FOLDER = '.secure-cache'
const PATH = join(FOLDER, 'sweep.json')

/** Which sweep it is. */
export interface NotedSweep {
  readonly keyPrefix: string
  /** The key that everything is to lie under. */
  readonly keyId: string
}

/**
 * Where a sweep was stopped, for the next one: no secret, in `.secure-cache/sweep.json` of the working directory. A
 * place of another run of the server costs nothing but one more walk: a sweep that began in the middle always looks
 * at everything once more.
 */
export function rememberSweep(sweep: NotedSweep, place: WalkPlace): void {
  try {
    mkdirSync(FOLDER, { recursive: true, mode: 0o700 })
    writeFileSync(PATH, JSON.stringify({ ...sweep, place }), { mode: 0o600 })
  } catch {
    // Where nothing can be written a sweep begins anew.
  }
}

export function forgetSweep(): void {
  rmSync(PATH, { force: true })
}

/** On each server, by its name. */
export function rememberedPlace({ keyPrefix, keyId }: NotedSweep): WalkPlace | undefined {
  try {
    const noted = JSON.parse(readFileSync(PATH, 'utf8')) as Partial<Record<string, unknown>>
    const { place } = noted
    const isSame = noted['keyPrefix'] === keyPrefix && noted['keyId'] === keyId
    return isSame && isPlace(place) ? place : undefined
  } catch {
    return undefined
  }
}

function isPlace(noted: unknown): noted is WalkPlace {
  if (typeof noted !== 'object' || noted === null) return false
  return Object.values(noted).every((at) => typeof at === 'string' && /^(?:[0-9]{1,20}|end)$/.test(at))
}
