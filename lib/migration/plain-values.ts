import { isUtf8 } from 'node:buffer'
import type { Codec } from '../crypto/header.js'
import { BYTES_MARK, MAGIC } from '../crypto/header.js'

export interface PlainValue {
  readonly codec: Codec
  readonly payload: Uint8Array
}

/** A value as it lies where nothing is encrypted; `undefined` for what no cache of ours would read. */
export function readPlain(value: Buffer): PlainValue | undefined {
  if (value[0] === BYTES_MARK) return { codec: 'bytes', payload: value.subarray(1) }
  if (value.length === 0 || value[0] === MAGIC || !isUtf8(value)) return undefined
  try {
    JSON.parse(value.toString())
    return { codec: 'json', payload: value }
  } catch {
    return undefined
  }
}

/** The reverse of {@link readPlain}. */
export function writePlain({ codec, payload }: { readonly codec: Codec; readonly payload: Buffer }): Buffer {
  return codec === 'json' ? payload : Buffer.concat([Buffer.of(BYTES_MARK), payload])
}
