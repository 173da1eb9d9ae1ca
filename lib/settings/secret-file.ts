import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { isNativeError } from 'node:util/types'

const MAX_BYTES = 1_048_576

type SecretFile = { readonly text: string } | { readonly failure: string; readonly missing: boolean }

/**
 * Content of the file behind a `NAME_FILE` variable, one trailing line break dropped. Failures never contain
 * the path: it may be a password that went into the wrong variable.
 */
export function readSecretFile(path: string): SecretFile {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, 'r')
    const facts = fstatSync(descriptor)
    if (!facts.isFile()) return failure('the path is not a regular file. Give the path of a file')
    if (facts.size > MAX_BYTES)
      return failure('the file is larger than 1 MiB. Give the path of the right file')
    const bytes = Buffer.alloc(facts.size)
    const length = readSync(descriptor, bytes, 0, bytes.length, 0)
    // `fatal`: bytes that are no text would otherwise become another secret without anybody noticing.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length))
    return { text: text.replace(/\r?\n$/, '') }
  } catch (error) {
    return failure(...reasonOf(error))
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'the file does not exist. Paths are relative to the working directory',
  ENOTDIR: 'the file does not exist. Paths are relative to the working directory',
  EACCES: 'the file may not be read by this process. Give its user the right to read it',
  EPERM: 'the file may not be read by this process. Give its user the right to read it',
  EISDIR: 'the path is a directory. Give the path of a file',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'the file is not UTF-8 text',
}

function reasonOf(error: unknown): [message: string, missing: boolean] {
  const code = isNativeError(error) && 'code' in error ? String(error.code) : ''
  const known = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined
  return [known ?? 'the file cannot be read', code === 'ENOENT' || code === 'ENOTDIR']
}

function failure(message: string, missing = false): SecretFile {
  return { failure: `${message}.`, missing }
}
