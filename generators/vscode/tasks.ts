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

/** Where the verification is written down: with the deployment, whose files it is about. */
const RECORD_FILE = 'secure-cache-verification.json'

/** Redis says so on its output; the task counts as running from then on. */
const READY = 'Ready to accept connections'

type TaskName = 'generate' | 'check' | 'verify' | 'start' | 'create cluster' | 'stop'

export function taskLabel({ suffix }: EditorView, name: TaskName): string {
  return `secure-cache: ${name}${suffix}`
}

/** `.vscode/tasks.json`: programs with their words, never a line for a shell to take apart. */
export function taskContributions(view: EditorView): readonly Contribution[] {
  const tasks: readonly Entry[] = [
    program(view, 'generate', {
      words: ['node', inWorkspace(view.program), 'generate-config', ...view.generateWords],
      detail: 'Render redis.conf, users.acl, certificates and Compose files from the settings.',
    }),
    program(view, 'check', {
      words: ['node', inWorkspace(view.program), 'check', ...(view.suffix === '' ? [] : [view.folder])],
      detail: 'Look for weaknesses in environment files and rendered files, without a server.',
    }),
    program(view, 'verify', {
      words: [
        'node',
        inWorkspace(view.program),
        'verify',
        ...(view.hasEnvironment ? ['--settings', outputWord(view, DEVELOPMENT_FILE)] : []),
        '--record',
        outputWord(view, RECORD_FILE),
      ],
      detail: 'Check a running server: passwords, TLS, encryption, access control.',
    }),
    ...SERVER_TASKS[view.target](view),
  ]
  return [
    { kind: 'member', path: [], name: 'version', value: '2.0.0' },
    ...tasks.map((value) => ({ kind: 'entry', path: ['tasks'], key: 'label', value }) as const),
    ...stopInputs(view),
  ]
}

function outputWord({ folder }: EditorView, file: string): string {
  return folder === '.' ? file : `${folder}/${file}`
}

const SERVER_TASKS: Readonly<Record<EditorView['target'], (view: EditorView) => readonly Entry[]>> = {
  container(view) {
    const compose = (...words: readonly string[]): readonly string[] => [
      'docker',
      'compose',
      '-f',
      inOutput(view, DEVELOPMENT_COMPOSE),
      ...words,
    ]
    return [
      program(view, 'start', {
        words: compose('up', '--detach', '--wait'),
        detail: 'Start Redis for development: its port on this machine alone.',
      }),
      ...createTask(view),
      program(view, 'stop', { words: compose('down'), detail: 'Stop the Redis for development.' }),
    ]
  },
  local(view) {
    const { servers } = view
    const labels = servers.map(({ name }) => serverLabel(view, name))
    return [
      ...servers.map(({ words }, index) => ({
        label: labels[index],
        detail: 'Start Redis on this machine from the generated configuration.',
        ...running(words),
        isBackground: true,
        problemMatcher: {
          ...PROBLEM_MATCHER,
          background: { activeOnStart: true, beginsPattern: 'Redis is starting', endsPattern: READY },
        },
      })),
      ...(servers.length === 1
        ? []
        : [
            {
              label: taskLabel(view, 'start'),
              detail: 'Start all servers on this machine.',
              dependsOn: labels,
              problemMatcher: PROBLEM_MATCHER,
            },
          ]),
      ...createTask(view),
      program(view, 'stop', {
        // The inputs below end the other tasks; the program itself has nothing to do.
        words: ['node', '--eval', '', ...labels.map((label) => `\${input:${stopId(label)}}`)],
        detail: 'Stop the servers that the start task runs.',
      }),
    ]
  },
}

/** A task that runs any program to its end. */
function program(
  view: EditorView,
  name: TaskName,
  { words, detail }: { readonly words: readonly string[]; readonly detail: string },
): Entry {
  return { label: taskLabel(view, name), detail, ...running(words), problemMatcher: PROBLEM_MATCHER }
}

function running([command, ...args]: readonly string[]): Entry {
  return { type: 'process', command, args }
}

/** One server is the start task itself; of several each has a task of its own. */
function serverLabel(view: EditorView, name: string): string {
  return view.servers.length === 1 ? taskLabel(view, 'start') : `secure-cache: ${name}${view.suffix}`
}

function createTask(view: EditorView): readonly Entry[] {
  if (view.createScript === undefined) return []
  const words = ['sh', inOutput(view, view.createScript)]
  return [
    program(view, 'create cluster', {
      words,
      detail: 'Make one Cluster of the servers, once, when all run.',
    }),
  ]
}

function stopId(label: string): string {
  return `stop ${label}`
}

/** Inputs that end a running task when they are asked for (the editor's command for it). */
function stopInputs(view: EditorView): readonly Contribution[] {
  return view.servers.map(({ name }) => {
    const label = serverLabel(view, name)
    const value = {
      id: stopId(label),
      type: 'command',
      command: 'workbench.action.tasks.terminate',
      args: label,
    }
    return { kind: 'entry', path: ['inputs'], key: 'id', value }
  })
}
