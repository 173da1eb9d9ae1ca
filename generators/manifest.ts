import { createHash } from 'node:crypto'
import { PRIVATE, type OutputFile } from './folder.js'

/** What was written last time: the only way to tell our own file from one changed by hand. */
export type Manifest = ReadonlyMap<string, string>

export const MANIFEST_PATH = '.generated.json'

/** SHA-256 of a file's content, in hex. */
export function contentHash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** Empty where there is none, or none that can be read: then every file counts as somebody else's. */
export function parseManifest(text: string | undefined): Manifest {
  if (text === undefined) return new Map()
  try {
    const parsed: unknown = JSON.parse(text)
    if (!isRecord(parsed) || !isRecord(parsed['files'])) return new Map()
    return new Map(
      Object.entries(parsed['files']).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      ),
    )
  } catch {
    return new Map()
  }
}

/** Private like the files it describes: the hash of a weak password would be as good as the password. */
export function manifestFile(files: Manifest): OutputFile {
  const sorted = Object.fromEntries([...files].toSorted(([left], [right]) => (left < right ? -1 : 1)))
  return {
    path: MANIFEST_PATH,
    text: `${JSON.stringify({ version: 1, files: sorted }, null, 2)}\n`,
    mode: PRIVATE,
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
