import { cancel, confirm, intro, isCancel, outro, select, text } from '@clack/prompts'
import { Refusal } from '../lib/settings/validator.js'
import { SETTINGS } from '../lib/settings/table.js'
import type { InitOptions } from './initialise.js'
import { QuietFailure } from './report.js'

/** Questions go where talk goes, so that stdout holds data alone. */
const TERMINAL = { output: process.stderr } as const

/** True where somebody can read and answer: a terminal without a size belongs to a program. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY && process.stderr.columns > 0
}

type Asked = Pick<InitOptions, 'target' | 'port' | 'profile' | 'keyPrefix' | 'maxMemory' | 'vscode'>

interface Question<K extends keyof Asked = keyof Asked> {
  readonly option: K
  readonly ask: (so: InitOptions) => Promise<Asked[K] | symbol>
  /** Absent: always asked, unless the option was given. */
  readonly applies?: (so: InitOptions) => boolean
}

/** What an answer decides; everything else has a default that one can change in the file afterwards. */
const QUESTIONS: readonly Question[] = [
  question({
    option: 'target',
    ask: ({ target }) =>
      select({
        ...TERMINAL,
        message: 'Where does Redis run?',
        initialValue: target,
        options: [
          { value: 'container', label: 'in Docker', hint: 'on an isolated network' },
          { value: 'local', label: 'on this machine', hint: 'redis-server, on 127.0.0.1' },
        ],
      }),
  }),
  question({
    option: 'port',
    applies: ({ target }) => target === 'local',
    ask: () => textOf('REDIS_PORT', 'Which port?', '6379'),
  }),
  question({
    option: 'profile',
    ask: () =>
      select({
        ...TERMINAL,
        message: 'What does it keep?',
        initialValue: 'cache',
        options: [
          { value: 'cache', label: 'a cache', hint: 'evicts what is used least, keeps nothing on disk' },
          { value: 'data', label: 'data', hint: 'never evicts, append-only file' },
        ],
      }),
  }),
  question({
    option: 'maxMemory',
    ask: () => textOf('REDIS_MAX_MEMORY', 'How much memory?', SETTINGS.REDIS_MAX_MEMORY.default.text),
  }),
  question({
    option: 'keyPrefix',
    ask: () => textOf('REDIS_KEY_PREFIX', 'What do its keys begin with?', SETTINGS.REDIS_KEY_PREFIX.default),
  }),
  question({
    option: 'vscode',
    ask: ({ vscode }) =>
      confirm({ ...TERMINAL, message: 'Add tasks and settings for VS Code?', initialValue: vscode }),
  }),
]

/**
 * Asks for what was not given on the command line.
 *
 * @param given - names of the options that stand on the command line
 * @throws {QuietFailure} where somebody turns back (Ctrl-C, or no at the end): nothing has been written
 */
export async function askFor(options: InitOptions, given: ReadonlySet<string>): Promise<InitOptions> {
  intro('secure-cache init', TERMINAL)
  let so = options
  for (const { option, ask, applies = () => true } of QUESTIONS) {
    if (given.has(option) || !applies(so)) continue
    so = { ...so, [option]: answered(await ask(so)) }
  }
  const { settings = '.env', out } = so
  const message = `Write ${settings} with new secrets, and everything else into ${out}?`
  if (answered(await confirm({ ...TERMINAL, message })) !== true) turnBack()
  outro('The rest needs no answer.', TERMINAL)
  return so
}

function textOf(
  name: 'REDIS_PORT' | 'REDIS_MAX_MEMORY' | 'REDIS_KEY_PREFIX',
  message: string,
  usual: string,
): Promise<string | symbol> {
  const validate = (answer: string | undefined): string | undefined => {
    if (answer === undefined || answer === '') return undefined
    try {
      SETTINGS[name].validator.parse(answer)
      return undefined
    } catch (error) {
      return error instanceof Refusal ? error.message : `expected ${SETTINGS[name].validator.expected}`
    }
  }
  return text({ ...TERMINAL, message, placeholder: usual, defaultValue: usual, validate })
}

function answered<T>(answer: T | symbol): T {
  return isCancel(answer) ? turnBack() : (answer as T)
}

function turnBack(): never {
  cancel('Nothing was written.', TERMINAL)
  throw new QuietFailure()
}

/** Keeps the type of each question's answer. */
function question<K extends keyof Asked>(row: Question<K>): Question {
  return row
}
