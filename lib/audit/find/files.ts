import type { FileEntry, FolderFacts } from '../facts.js'
import { lastDirective } from '../formats/redis-conf.js'
import { startOf } from '../position.js'
import type { Find } from './settings.js'

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0')
}

const CONFIGURATION: ReadonlySet<FileEntry['kind']> = new Set(['conf', 'acl', 'env', 'secret'])

/** FIL-001 */
export const readableByEveryone: Find = function* ({ files }) {
  for (const { path, kind, mode } of files) {
    if (CONFIGURATION.has(kind) && mode !== undefined && (mode & 0o007) !== 0) {
      yield {
        at: startOf(path),
        message: `every user of the machine may open it (mode ${octal(mode)}): write 0600`,
      }
    }
  }
}

/** PER-002: the data, and users.acl for a group (everyone is FIL-001). */
export const readableData: Find = function* ({ files }) {
  for (const { path, kind, mode } of files) {
    if (mode === undefined) continue
    const exposed = kind === 'data' ? mode & 0o077 : kind === 'acl' && (mode & 0o007) === 0 ? mode & 0o070 : 0
    if (exposed !== 0) {
      const what = kind === 'data' ? 'the data' : 'the password hashes'
      yield { at: startOf(path), message: `others may read ${what} (mode ${octal(mode)}): write 0600` }
    }
  }
}

const SECRET_FILES: ReadonlySet<FileEntry['kind']> = new Set(['env', 'key', 'secret', 'acl', 'data'])

function holdsSecret(facts: FolderFacts, { kind, path }: FileEntry): boolean {
  if (SECRET_FILES.has(kind)) return true
  const conf = facts.confs.find((candidate) => candidate.path === path)
  return (
    conf !== undefined &&
    ['requirepass', 'masterauth'].some((name) => {
      const directive = lastDirective(conf, name)
      // A file that includes another one does not hold what stands there.
      return directive?.at.file === path && Boolean(directive.args[0]?.value)
    })
  )
}

/** FIL-002 */
export const notIgnored: Find = function* (facts) {
  for (const entry of facts.files) {
    if (entry.ignored === false && holdsSecret(facts, entry)) {
      yield {
        at: startOf(entry.path),
        message: 'git would take this file with its secrets: name it in .gitignore',
      }
    }
  }
}
