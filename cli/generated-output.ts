import { generateConfig, type GenerateResult, type ProjectOptions } from '../generators/index.js'
import { shellWord } from '../generators/quoting.js'
import type { Environment } from './environment.js'
import { DEFAULT_OUT, DEFAULT_SETTINGS_FILE, type OutputOptions } from './output-options.js'
import { progressLine } from './progress.js'
import { print, say } from './report.js'
import { settingsOf } from './settings-problems.js'
import { differences, textOf } from './shown-files.js'

export interface GenerateCommandOptions extends OutputOptions {
  readonly dryRun?: boolean | undefined
  readonly force?: boolean | undefined
  readonly renewCertificates?: boolean | undefined
  /** Shows what would change, line by line. */
  readonly diff?: boolean | undefined
  /** The file to print instead of writing any. */
  readonly stdout?: string | undefined
  /** The summary as JSON, for other programs. */
  readonly json?: boolean | undefined
}

/** Generates from an environment, and tells what happened and what comes next. */
export async function generateAndReport(
  environment: Environment,
  options: GenerateCommandOptions,
): Promise<void> {
  const settings = await settingsOf(environment, options.settings)
  const looks = options.diff === true || options.stdout !== undefined
  const progress = progressLine()
  const result = await generateConfig({
    ...options,
    onStep: progress.step,
    // Looking writes nothing, so a file changed by hand is no obstacle: it is what one wants to see.
    ...(looks ? { dryRun: true, force: true } : {}),
    settings,
    command: ['npx secure-cache generate-config', ...reproducingWords(options).map(shellWord)].join(' '),
    project: projectOf(options),
  }).finally(progress.done)
  if (options.stdout !== undefined) print(textOf(result, options.stdout).trimEnd())
  else if (options.json === true) print(summaryOf(result))
  else if (options.diff === true) for (const part of await differences(result)) print(part)
  else report(result, options)
}

/** For programs: names and states, never contents. */
function summaryOf({ out, target, version, files, leftovers, notes }: GenerateResult): string {
  const named = files.map(({ path, place = 'output', state, mode }) => ({
    path,
    place,
    state,
    mode: mode.toString(8).padStart(4, '0'),
  }))
  return JSON.stringify({ out, target, version, files: named, leftovers, notes }, null, 2)
}

function report(result: GenerateResult, options: GenerateCommandOptions): void {
  const { files, notes, version, versionReason } = result
  const changed = files.filter(({ state }) => state !== 'unchanged')
  for (const { state, path } of changed) print(`${state} ${path}`)
  const verb = options.dryRun === true ? 'would change' : 'changed'
  say(
    `${verb} ${changed.length} of ${files.length} files in ${options.out}, for Redis ${version} (${versionReason})`,
  )
  for (const note of notes) say(`note: ${note}`)
  tellLeftovers(result, options)
  if (options.dryRun === true) return
  say(`keep ${options.out}/operator to yourself: it holds the authority's key and the admin's password`)
  say('next:')
  for (const line of nextSteps(result, options)) say(`  ${line}`)
}

/** Never deleted unasked: there may be a server that still runs from them. */
function tellLeftovers({ leftovers }: GenerateResult, { out }: GenerateCommandOptions): void {
  if (leftovers.length === 0) return
  say(
    `note: ${leftovers.length} files of an earlier configuration are left in ${out}, secrets among them perhaps.`,
  )
  say('  once no server runs from them:')
  say(`  cd ${shellWord(out)} && rm -- ${leftovers.map(shellWord).join(' ')}`)
}

/** Commands to type, from where this one was typed. */
function nextSteps(
  { target, commands }: GenerateResult,
  { out, settings = DEFAULT_SETTINGS_FILE, vscode }: GenerateCommandOptions,
): readonly string[] {
  const { start, create, development, developmentCreate } = commands
  const inFolder = (command: string): string => `cd ${shellWord(out)} && ${command}`
  const once = (command: string): string => `${command}    # once, when all of them run`
  const check = `npx secure-cache check${out === DEFAULT_OUT ? '' : ` ${shellWord(out)}`}`
  const editor = vscode ? ['code .    # in VS Code: Terminal, Run Task, secure-cache'] : []
  if (target === 'local') {
    const application = `node --env-file=${shellWord(settings)} <your application>`
    return [check, ...start, ...(create === '' ? [] : [once(create)]), application, ...editor]
  }
  return [
    check,
    ...start.map(inFolder),
    ...(create === '' ? [] : [once(inFolder(create))]),
    `${inFolder(development)}    # instead, for an application outside of Docker`,
    ...(developmentCreate === '' ? [] : [once(inFolder(developmentCreate))]),
    ...editor,
  ]
}

/** The working directory, where the environment file lies too: what one opens in an editor. */
export function projectOf(options: GenerateCommandOptions): ProjectOptions | undefined {
  if (!options.vscode) return undefined
  const { force = false } = options
  return { folder: process.cwd(), generateWords: reproducingWords(options), force }
}

/** What writes the same files again, for their headers and for the editor's task. */
function reproducingWords({ out, target, settings, vscode }: OutputOptions): readonly string[] {
  return [
    ...(out === DEFAULT_OUT ? [] : ['--out', out]),
    ...(target === 'container' ? [] : ['--target', target]),
    ...(settings === undefined || settings === DEFAULT_SETTINGS_FILE ? [] : ['--settings', settings]),
    ...(vscode ? [] : ['--no-vscode']),
  ]
}
