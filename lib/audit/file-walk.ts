import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'

import type { FileKind } from './facts.js'

/** A file of the folder, before anything is read. */
export interface FoundFile {
  readonly absolute: string
  /** With `/` on every system. */
  readonly inFolder: string
  readonly kind: FileKind
  readonly size: number
  readonly mode: number | undefined
  /** Why it must not be read, such as a symbolic link that leads out of the folder. */
  readonly refused?: string | undefined
}

const SKIPPED_FOLDERS: ReadonlySet<string> = new Set([
  '.git',
  '.hg',
  '.svn',
  'node_modules',
  'dist',
  'coverage',
])
const MAX_DEPTH = 8
const MAX_FILES = 5000

/** What a name says; the first row that fits decides. Templates with placeholders are nobody's secrets. */
const KINDS: readonly (readonly [RegExp, FileKind])[] = [
  [/\.(?:example|sample|template|dist|hbs|md)$/i, 'other'],
  [/^\.env(?:\..+)?$|\.env$/i, 'env'],
  [/^(?:docker-)?compose(?:[._-][\w.-]+)?\.ya?ml$/i, 'compose'],
  [/\.acl$/i, 'acl'],
  [/\.conf$/i, 'conf'],
  [/\.(?:crt|cer|cert|pem)$/i, 'certificate'],
  [/\.key$/i, 'key'],
  [/\.(?:rdb|aof)$/i, 'data'],
]

function kindOf(inFolder: string): FileKind {
  const parts = inFolder.split('/')
  const name = parts.at(-1) ?? ''
  const kind = KINDS.find(([pattern]) => pattern.test(name))?.[1]
  return kind ?? (parts.slice(0, -1).some((part) => /^\.?secrets$/i.test(part)) ? 'secret' : 'other')
}

export interface Walk {
  readonly files: readonly FoundFile[]
  /** Folders that were not entered, with the reason. */
  readonly skipped: readonly { readonly absolute: string; readonly message: string }[]
}

/** Lists a folder without following links out of it and without opening what is no regular file. */
export async function walkFolder(folder: string): Promise<Walk> {
  const root = await realpath(folder)
  const files: FoundFile[] = []
  const skipped: { absolute: string; message: string }[] = []
  const queue = [{ absolute: folder, depth: 0 }]
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { absolute, depth } = next
    if (depth > MAX_DEPTH) {
      skipped.push({ absolute, message: `not checked: deeper than ${MAX_DEPTH} folders` })
      continue
    }
    const entries = await readdir(absolute, { withFileTypes: true }).catch(() => undefined)
    if (entries === undefined) {
      skipped.push({ absolute, message: 'not checked: the folder cannot be read' })
      continue
    }
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(absolute, entry.name)
      if (entry.isDirectory()) {
        if (!SKIPPED_FOLDERS.has(entry.name)) queue.push({ absolute: path, depth: depth + 1 })
        continue
      }
      if (files.length >= MAX_FILES) {
        skipped.push({ absolute: folder, message: `not checked in full: more than ${MAX_FILES} files` })
        return { files, skipped }
      }
      files.push(await describe({ root, folder, absolute: path }))
    }
  }
  return { files, skipped }
}

/** A single file, as if its own folder were the one that is checked. */
export async function lookAt(absolute: string): Promise<FoundFile> {
  const folder = dirname(absolute)
  return describe({ root: await realpath(folder), folder, absolute })
}

async function describe({
  root,
  folder,
  absolute,
}: Record<'root' | 'folder' | 'absolute', string>): Promise<FoundFile> {
  const inFolder = relative(folder, absolute).split(sep).join('/')
  const found = { absolute, inFolder, kind: kindOf(inFolder) }
  const refuse = (refused: string): FoundFile => ({ ...found, size: 0, mode: undefined, refused })
  try {
    if ((await lstat(absolute)).isSymbolicLink()) {
      const target = relative(root, await realpath(absolute))
      if (target.startsWith('..')) return refuse('not checked: a symbolic link that leads out of the folder')
    }
    const facts = await stat(absolute)
    if (!facts.isFile()) return refuse('not checked: this is no regular file')
    // On Windows the bits are made up.
    const mode = process.platform === 'win32' ? undefined : facts.mode & 0o7777
    return { ...found, size: facts.size, mode }
  } catch {
    return refuse('not checked: the file cannot be reached')
  }
}
