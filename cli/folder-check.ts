import { access, stat } from 'node:fs/promises'
import { relative, resolve, sep } from 'node:path'
import { auditFolder, type AuditReport } from '../lib/audit/audit.js'
import { readFolderFacts } from '../lib/audit/file-facts.js'
import { formatJson, formatText, summarise } from '../lib/audit/report.js'
import { formatSarif } from '../lib/audit/sarif.js'
import { formatServerVersion, parseServerVersion, type ServerVersion } from '../lib/redis/versions.js'
import type { CheckOptions } from './check.js'
import { DEFAULT_OUT } from './output-options.js'
import { print, QuietFailure, say } from './report.js'
import { UsageError } from './usage-error.js'

/** Environment files that belong to the folder of the generator, though they lie beside it. */
const BESIDE = ['.env', '.env.production', '.env.development']

/**
 * Checks a folder and prints what it finds.
 *
 * @throws {UsageError} where there is nothing to check
 * @throws {QuietFailure} where a finding is an error: the exit code is 1
 */
export async function check(folder: string | undefined, options: CheckOptions): Promise<void> {
  const place = folder ?? ((await isFolder(DEFAULT_OUT)) ? DEFAULT_OUT : '.')
  if (!(await isFolder(place))) {
    throw new UsageError('there is no such folder', 'secure-cache generate-config makes one to check')
  }
  const facts = await readFolderFacts(place, {
    now: Date.now(),
    display: displayed,
    target: versionOf(options.redisVersion),
    also: folder === undefined && place !== '.' ? await existing(BESIDE) : [],
  })
  const report = auditFolder(facts)
  if (report.files === 0 && report.remarks.length === 0) {
    throw new UsageError(
      'there is nothing to check in this folder',
      'name the folder that holds redis.conf, users.acl, .env or docker-compose.yml',
    )
  }
  const text = FORMATTERS[options.format](report)
  if (text !== '') print(text.trimEnd())
  const { error, warning, info } = summarise(report)
  say(
    `${counted(report.files, 'file')} checked: ${counted(error, 'error')}, ${counted(warning, 'warning')}, ${info} info`,
  )
  if (report.findings.length > 0) say('hint: secure-cache explain <ID> says why, and what to do')
  if (error > 0) throw new QuietFailure()
}

const FORMATTERS: Readonly<Record<CheckOptions['format'], (report: AuditReport) => string>> = {
  text: formatText,
  json: formatJson,
  sarif: formatSarif,
}

/** Relative to where the command runs, so that editors find the file; absolute where it lies elsewhere. */
function displayed(absolute: string): string {
  const path = relative(process.cwd(), absolute)
  return path.startsWith(`..${sep}`) || path === '..' ? absolute : path || '.'
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  )
}

async function existing(paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    paths.map((path) =>
      access(path).then(
        () => [resolve(path)],
        () => [],
      ),
    ),
  )
  return found.flat()
}

function versionOf(text: string | undefined): ServerVersion | undefined {
  if (text === undefined) return undefined
  const version = parseServerVersion(text)
  if (version === undefined) {
    const example = formatServerVersion({ product: 'valkey', major: 8, minor: 1 })
    throw new UsageError('--redis-version is no version', `write 7.2 or ${example}`)
  }
  return version
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
