import { createHash } from 'node:crypto'
import { PRIVATE, type OutputFile, type Place } from './folder.js'

/** What was written last time: the only way to tell our own file from one changed by hand. */
export type Manifest = ReadonlyMap<string, string>

export const MANIFEST_PATH = '.generated.json'

/** The name of a file in the manifest, or of one part of a file that others write too. */
export function manifestKey(
  { place = 'output', path }: { readonly place?: Place | undefined; readonly path: string },
  part?: string,
): string {
  return `${place === 'output' ? '' : `${place}:`}${path}${part === undefined ? '' : `#${part}`}`
}

/** What is remembered of the parts of one file. */
export function partsOf(
  manifest: Manifest,
  file: { readonly place?: Place | undefined; readonly path: string },
): ReadonlyMap<string, string> {
  const prefix = manifestKey(file, '')
  const own = [...manifest].filter(([key]) => key.startsWith(prefix))
  return new Map(own.map(([key, hash]) => [key.slice(prefix.length), hash]))
}

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
