import { CommanderError } from 'commander'
import { isCacheError } from '../lib/errors.js'
import { foreignText } from '../lib/foreign-text.js'
import { fileReason } from '../lib/migration/folder-errors.js'
import { UsageError } from './usage-error.js'

/** 0 fine, 1 findings or failure, 2 wrong use. */
export const EXIT = { fine: 0, failure: 1, usage: 2 } as const

/** Talk goes to stderr, so that stdout holds data alone. */
export function say(line: string): void {
  console.error(line)
}

/** Data for other programs, one entry a line. */
export function print(line: string): void {
  console.log(line)
}

/** A command that has said all there is to say, and failed: the exit code is 1. */
export class QuietFailure extends Error {}

const HINTS: Readonly<Record<string, string>> = {
  ERR_CONFIG_INVALID: 'docs/configuration.md explains every setting; secure-cache init makes a new set',
  ERR_MIGRATION_WAITING: 'secure-cache migrate status says where it stands; nothing is lost by waiting',
  ERR_MIGRATION_REFUSED: 'secure-cache migrate plan shows all of it; docs/migration.md explains each step',
  ERR_CONFIG_FILES: 'look at the files named; --force overwrites what was changed by hand',
}

/** Says what went wrong, without a secret, and what to do. Returns the exit code. */
export function reportError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage
  if (error instanceof QuietFailure) return EXIT.failure
  if (error instanceof UsageError) return complain(error.message, { hint: error.hint, code: EXIT.usage })
  if (isCacheError(error)) {
    const hint = HINTS[error.code] ?? 'docs/errors.md has cause and remedy for each error'
    return complain(error.message, { hint, code: EXIT.failure })
  }
  const reason = fileReason(error)
  if (reason !== undefined) {
    const path = error instanceof Error && 'path' in error ? String(error.path) : 'a file or folder'
    const hint = 'look at the path, its owner and mode, and at the room on its disk'
    return complain(`${foreignText(path, { maxLength: 1024 })} cannot be used: ${reason}`, {
      hint,
      code: EXIT.failure,
    })
  }
  // Whatever else it is, its message may quote its input: the name and the place are what is safe to show.
  const name = error instanceof Error ? error.name : typeof error
  const place =
    error instanceof Error ? (error.stack ?? '').split('\n').find((line) => /^\s+at /.test(line)) : ''
  return complain(`unexpected ${name}${place === undefined ? '' : ` ${place.trim()}`}`, {
    hint: 'this is a mistake in secure-cache: please report it with the line above',
    code: EXIT.failure,
  })
}

function complain(message: string, { hint, code }: { hint: string; code: number }): number {
  say(`error: ${message}`)
  say(`hint: ${hint}`)
  return code
}
