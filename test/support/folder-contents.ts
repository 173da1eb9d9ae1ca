import { createHash, X509Certificate, createPrivateKey } from 'node:crypto'
import { readFile, readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'

/** Every file below a folder with its text, by path. */
export async function contentsOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  return new Map(files.map((file, index) => [relative(folder, file), texts[index] ?? ''] as const))
}

/** Permission bits of a file or folder. */
export async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777
}

/**
 * What does not fit together in an output: keys without their certificate, passwords without their hash.
 * Empty where all is well.
 */
export function misfits(contents: ReadonlyMap<string, string>): readonly string[] {
  const text = (path: string): string => contents.get(path) ?? ''
  const found: string[] = []
  for (const path of contents.keys()) {
    if (path.endsWith('.key')) {
      const certificate = new X509Certificate(text(path.replace(/\.key$/, '.crt')))
      if (!certificate.checkPrivateKey(createPrivateKey(text(path)))) found.push(path)
      const authority = new X509Certificate(text('operator/ca.crt'))
      if (!certificate.verify(authority.publicKey)) found.push(path)
    }
    if (path.endsWith('_password')) {
      const hash = createHash('sha256').update(text(path).replace(/\n$/, '')).digest('hex')
      if (!text('conf/users.acl').includes(`#${hash} `)) found.push(path)
    }
    if (path.endsWith('ca.crt') && text(path) !== text('operator/ca.crt')) found.push(path)
  }
  return found
}
