import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readFile, rename, rm, type FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import type { Decrypter } from 'age-encryption'
import { CacheError } from '../errors.js'
import { Secret } from '../settings/secret.js'
import { cannotUse } from './folder-errors.js'

/** What was written. */
export interface WrittenBackup {
  readonly bytes: number
  /** Of the encrypted file, hexadecimal. */
  readonly sha256: string
}

/** A new age identity (X25519), which every age program knows. */
export async function newIdentity(): Promise<{ readonly identity: Secret; readonly recipient: string }> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption')
  const text = await generateX25519Identity()
  return { identity: new Secret(text), recipient: await identityToRecipient(text) }
}

/** The text of an identity file, as age-keygen writes it. */
export function identityFile(parts: { readonly identity: Secret; readonly recipient: string }): string {
  return `# public key: ${parts.recipient}\n${parts.identity.reveal()}\n`
}

/**
 * The identity in a file of age-keygen's form.
 *
 * @throws {CacheError} ERR_BACKUP_IDENTITY where there is none
 */
export async function readIdentity(path: string): Promise<Secret> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const line = text.split(/\r?\n/).find((entry) => /^AGE-SECRET-KEY-[A-Z0-9-]+$/.test(entry))
  if (line === undefined) throw unknownIdentity('the identity file holds no line AGE-SECRET-KEY-…')
  return new Secret(line)
}

/**
 * Encrypts chunks into a file (0600) that appears whole or not at all, and proves it by decrypting all of it
 * again. Files for somebody else's recipient are proved as well: an identity that exists for this moment alone
 * opens them too.
 *
 * @throws {CacheError} ERR_BACKUP_IDENTITY for text that is no recipient, ERR_BACKUP_DAMAGED where the disk
 *   gives back something else than it was given
 */
export async function writeEncrypted(options: {
  readonly path: string
  readonly recipients: readonly string[]
  readonly chunks: AsyncIterable<Uint8Array>
  /** Reads all of it, and throws where something is wrong. */
  readonly verify: (chunks: AsyncIterable<Uint8Array>) => Promise<void>
}): Promise<WrittenBackup> {
  const { path, recipients, chunks, verify } = options
  const { Encrypter } = await import('age-encryption')
  const proof = await newIdentity()
  const encrypter = new Encrypter()
  try {
    for (const recipient of [...recipients, proof.recipient]) encrypter.addRecipient(recipient)
  } catch {
    throw unknownIdentity('a recipient is none: age1… is what age-keygen prints as public key')
  }
  const draft = `${path}.part`
  try {
    const file = await open(draft, 'w', 0o600)
    const written = await writeAll(file, await encrypter.encrypt(webStream(chunks)))
    await verify(decrypted(draft, proof.identity))
    await rename(draft, path)
    return written
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined)
    throw isOfTheFileSystem(error) ? cannotUse('the file of the backup', error) : error
  }
}

/** As opposed to a mistake of ours, which has no code. */
function isOfTheFileSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

/**
 * The content of an encrypted file, chunk by chunk, each authenticated before it is handed out. Throws
 * ERR_BACKUP_DAMAGED, ERR_BACKUP_IDENTITY.
 */
export async function* decrypted(path: string, identity: Secret): AsyncGenerator<Uint8Array> {
  const { Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  try {
    decrypter.addIdentity(identity.reveal())
  } catch {
    throw unknownIdentity('the identity is none')
  }
  try {
    yield* await opened(decrypter, path)
  } catch (error) {
    if (error instanceof CacheError) throw error
    if (isOfTheFileSystem(error)) throw cannotUse('the file of the backup', error)
    throw new CacheError(
      'ERR_BACKUP_DAMAGED',
      'the backup is damaged, and nothing of it was restored: a part of it is not what was written',
    )
  }
}

async function opened(decrypter: Decrypter, path: string): Promise<AsyncIterable<Uint8Array>> {
  const file = createReadStream(path)
  try {
    const stream = await decrypter.decrypt(webStream(file))
    return stream
  } catch (error) {
    file.destroy()
    const text = error instanceof Error ? error.message : ''
    if (/no identity matched/.test(text))
      throw unknownIdentity('the backup is not encrypted for this identity')
    throw error
  }
}

async function writeAll(file: FileHandle, stream: unknown): Promise<WrittenBackup> {
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      hash.update(chunk)
      bytes += chunk.length
      await file.writeFile(chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** age-encryption speaks the streams of the web; those of Node are the same but for their declaration. */
function webStream(chunks: AsyncIterable<Uint8Array>): globalThis.ReadableStream<Uint8Array> {
  const stream: unknown = chunks instanceof Readable ? Readable.toWeb(chunks) : ReadableStream.from(chunks)
  return stream as globalThis.ReadableStream<Uint8Array>
}

function unknownIdentity(why: string): CacheError {
  return new CacheError('ERR_BACKUP_IDENTITY', why)
}
