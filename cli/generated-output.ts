import { generateConfig, type GenerateResult } from '../generators/index.js'
import { shellWord } from '../generators/quoting.js'
import { readSettings } from '../lib/settings/read.js'
import type { Environment } from './environment.js'
import { DEFAULT_OUT, DEFAULT_SETTINGS_FILE, type OutputOptions } from './output-options.js'
import { print, say } from './report.js'

export interface GenerateCommandOptions extends OutputOptions {
  readonly dryRun?: boolean | undefined
  readonly force?: boolean | undefined
}

/** Generates from an environment, and tells what happened and what comes next. */
export async function generateAndReport(
  environment: Environment,
  options: GenerateCommandOptions,
): Promise<void> {
  const settings = readSettings({ env: environment, purpose: 'generator' })
  const result = await generateConfig({ ...options, settings, command: reproducingCommand(options) })
  report(result, options)
}

function report(result: GenerateResult, options: GenerateCommandOptions): void {
  const { files, notes, version, versionReason, target } = result
  const changed = files.filter(({ state }) => state !== 'unchanged')
  for (const { state, path } of changed) print(`${state} ${path}`)
  const verb = options.dryRun === true ? 'would change' : 'changed'
  say(
    `${verb} ${changed.length} of ${files.length} files in ${options.out}, for Redis ${version} (${versionReason})`,
  )
  for (const note of notes) say(`note: ${note}`)
  if (options.dryRun === true) return
  say(`keep ${options.out}/operator to yourself: it holds the authority's key and the admin's password`)
  for (const line of nextSteps(target, options.out)) say(line)
}

function nextSteps(target: GenerateResult['target'], out: string): readonly string[] {
  if (target === 'local') return [`next: redis-server ${shellWord(`${out}/conf/redis.conf`)}`]
  return [
    `next: docker compose -f ${shellWord(`${out}/docker-compose.yml`)} up -d`,
    'without Docker: the same command with --target local, and REDIS_HOST=127.0.0.1',
  ]
}

/** The command that writes the same files again, for their headers. */
function reproducingCommand({ out, target, settings }: OutputOptions): string {
  const words = ['npx secure-cache generate-config']
  if (out !== DEFAULT_OUT) words.push('--out', shellWord(out))
  if (target !== 'container') words.push('--target', target)
  if (settings !== undefined && settings !== DEFAULT_SETTINGS_FILE)
    words.push('--settings', shellWord(settings))
  return words.join(' ')
}
