import { readdirSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { auditFolder, type AuditReport } from '../../lib/audit/audit.js'
import { readFolderFacts, type FolderOptions } from '../../lib/audit/file-facts.js'

const ZOO = join(import.meta.dirname, '..', '..', '..', 'test', 'audit', 'zoo')
/** When certificates are judged. */
export const NOW = Date.parse('2026-11-24T12:00:00Z')

/** Where a marker stood: the finding that belongs there, as `file:line:column: level [ID]`. */
export type Expectation = string

/**
 * Markers in bad files say what must be found where: `«CFG-001»` or, where the level is not the rule's own,
 * `«AUT-004 info»`. They are taken out before the file is checked.
 */
const MARKER = /«([A-Z]{3}-\d{3})(?: (error|warning|info))?»/

export interface MarkedText {
  readonly text: string
  readonly marks: readonly {
    readonly line: number
    readonly column: number
    readonly id: string
    readonly level?: string | undefined
  }[]
}

export function withoutMarkers(marked: string): MarkedText {
  const marks: { line: number; column: number; id: string; level?: string | undefined }[] = []
  const lines = marked.split('\n').map((line, index) => {
    let rest = line
    for (let match = MARKER.exec(rest); match !== null; match = MARKER.exec(rest)) {
      marks.push({ line: index + 1, column: match.index + 1, id: match[1] ?? '', level: match[2] })
      rest = rest.replace(MARKER, '')
    }
    return rest
  })
  return { text: lines.join('\n'), marks }
}

/** A folder of a test's own, with the files of the zoo in it. */
export class Workshop {
  readonly folder: string
  readonly expected: { readonly at: string; readonly id: string; readonly level: string | undefined }[] = []

  private constructor(folder: string) {
    this.folder = folder
  }

  static async create(animal?: string): Promise<Workshop> {
    const workshop = new Workshop(await mkdtemp(join(tmpdir(), 'secure-cache-audit-')))
    if (animal !== undefined) await workshop.#admit(join(ZOO, animal))
    return workshop
  }

  /** Writes a file of mode 0600; its markers become expectations. */
  async write(name: string, marked: string | Uint8Array, mode = 0o600): Promise<void> {
    const path = join(this.folder, name)
    await mkdir(dirname(path), { recursive: true })
    if (typeof marked !== 'string') {
      await writeFile(path, marked)
    } else {
      const { text, marks } = withoutMarkers(marked)
      await writeFile(path, text)
      for (const { line, column, id, level } of marks) {
        this.expected.push({ at: `${name}:${line}:${column}`, id, level })
      }
    }
    await chmod(path, mode)
  }

  async read(name: string): Promise<string> {
    return readFile(join(this.folder, name), 'utf8')
  }

  /** Changes one place of a file, which must be there exactly once. */
  async swap(name: string, [from, to]: readonly [string, string]): Promise<void> {
    const text = await this.read(name)
    if (text.split(from).length !== 2) throw new Error(`${name} does not have exactly one: ${from}`)
    await this.write(
      name,
      text.replace(from, () => to),
    )
  }

  async check(options: Partial<FolderOptions> = {}): Promise<AuditReport> {
    const display = (absolute: string): string => relative(this.folder, absolute)
    return auditFolder(await readFolderFacts(this.folder, { now: NOW, display, ...options }))
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }

  /** Copies an animal: `dot-env` stands for `.env`, so that git and tools here leave it alone. */
  async #admit(source: string): Promise<void> {
    await cp(source, this.folder, { recursive: true })
    for (const entry of await readdir(this.folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      const proper = join(entry.parentPath, entry.name.replace(/^dot-/, '.'))
      await rename(path, proper)
      const name = relative(this.folder, proper)
      await this.write(name, await readFile(proper, 'utf8'))
    }
  }
}

/** The names of the zoo's animals. */
export function animals(): readonly string[] {
  const entries = readdirSync(ZOO, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

/** Findings as `file:line:column level [ID]`, sorted: what expectations are compared with. */
export function seen({ findings }: AuditReport): readonly string[] {
  return findings
    .map(({ at, rule, level }) => `${at.file}:${at.line}:${at.column} ${level} [${rule}]`)
    .toSorted()
}

/** The same from markers; a marker without level stands for the level of its rule. */
export function wanted({ expected }: Workshop, levelOf: (id: string) => string): readonly string[] {
  return expected.map(({ at, id, level }) => `${at} ${level ?? levelOf(id)} [${id}]`).toSorted()
}
