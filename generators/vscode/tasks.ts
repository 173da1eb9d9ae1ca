import { PROBLEM_PATTERN } from '../../lib/audit/report.js'
import { DEVELOPMENT_FILE } from '../environment-files.js'
import { DEVELOPMENT_COMPOSE } from '../view-model.js'
import { inOutput, inWorkspace, type EditorView } from './editor-view.js'
import type { Contribution, Entry } from './merge.js'

/** Findings of every task land in the panel of problems, at their line. */
export const PROBLEM_MATCHER = {
  owner: 'secure-cache',
  source: 'secure-cache',
  // Relative where the file lies in the project, absolute where it does not.
  fileLocation: ['autodetect', '${workspaceFolder}'],
  pattern: {
    regexp: PROBLEM_PATTERN.source,
    file: 1,
    line: 2,
    column: 3,
    severity: 4,
    message: 5,
    code: 6,
  },
} as const

/** Redis says so on its output; the task counts as running from then on. */
const READY = 'Ready to accept connections'

type TaskName = 'generate' | 'check' | 'verify' | 'start' | 'stop'

export function taskLabel({ suffix }: EditorView, name: TaskName): string {
  return `secure-cache: ${name}${suffix}`
}

/** `.vscode/tasks.json`: programs with their words, never a line for a shell to take apart. */
export function taskContributions(view: EditorView): readonly Contribution[] {
  const tasks: readonly Entry[] = [
    ours(view, 'generate', {
      words: ['generate-config', ...view.generateWords],
      detail: 'Render redis.conf, users.acl, certificates and Compose files from the settings.',
    }),
    ours(view, 'check', {
      words: ['check', ...(view.suffix === '' ? [] : [view.folder])],
      detail: 'Look for weaknesses in environment files and rendered files, without a server.',
    }),
    ours(view, 'verify', {
      words: ['verify', '--settings', outputWord(view, DEVELOPMENT_FILE)],
      detail: 'Check a running server: passwords, TLS, encryption, access control.',
    }),
    ...SERVER_TASKS[view.target](view),
  ]
  return [
    { kind: 'member', path: [], name: 'version', value: '2.0.0' },
    ...tasks.map((value) => ({ kind: 'entry', path: ['tasks'], key: 'label', value }) as const),
    ...(view.target === 'local' ? [stopInput(view)] : []),
  ]
}

/** A task that runs our own program. */
function ours(
  view: EditorView,
  name: TaskName,
  { words, detail }: { readonly words: readonly string[]; readonly detail: string },
): Entry {
  return {
    label: taskLabel(view, name),
    detail,
    type: 'process',
    command: 'node',
    args: [inWorkspace(view.program), ...words],
    problemMatcher: PROBLEM_MATCHER,
  }
}

function outputWord({ folder }: EditorView, file: string): string {
  return folder === '.' ? file : `${folder}/${file}`
}

const SERVER_TASKS: Readonly<Record<EditorView['target'], (view: EditorView) => readonly Entry[]>> = {
  container(view) {
    const compose = ['compose', '-f', inOutput(view, DEVELOPMENT_COMPOSE)]
    const task = (name: TaskName, words: readonly string[], detail: string): Entry => ({
      label: taskLabel(view, name),
      detail,
      type: 'process',
      command: 'docker',
      args: [...compose, ...words],
      problemMatcher: PROBLEM_MATCHER,
    })
    return [
      task(
        'start',
        ['up', '--detach', '--wait'],
        'Start Redis for development: its port on this machine alone.',
      ),
      task('stop', ['down'], 'Stop the Redis for development.'),
    ]
  },
  local(view) {
    return [
      {
        label: taskLabel(view, 'start'),
        detail: 'Start Redis on this machine from the generated configuration.',
        type: 'process',
        command: 'redis-server',
        args: [inOutput(view, 'conf/redis.conf')],
        isBackground: true,
        problemMatcher: {
          ...PROBLEM_MATCHER,
          background: { activeOnStart: true, beginsPattern: 'Redis is starting', endsPattern: READY },
        },
      },
      {
        label: taskLabel(view, 'stop'),
        detail: 'Stop the Redis that the start task runs.',
        type: 'process',
        command: 'node',
        // The input below ends the other task; the program itself has nothing to do.
        args: ['--eval', '', `\${input:${stopId(view)}}`],
        problemMatcher: PROBLEM_MATCHER,
      },
    ]
  },
}

function stopId({ suffix }: EditorView): string {
  return `secure-cache-stop${suffix}`
}

function stopInput(view: EditorView): Contribution {
  const value = {
    id: stopId(view),
    type: 'command',
    command: 'workbench.action.tasks.terminate',
    args: taskLabel(view, 'start'),
  }
  return { kind: 'entry', path: ['inputs'], key: 'id', value }
}
