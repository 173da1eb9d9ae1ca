import { DEVELOPMENT_FILE } from '../environment-files.js'
import { inOutput, inWorkspace, type EditorView } from './editor-view.js'
import type { Contribution, Entry } from './merge.js'
import { taskLabel } from './tasks.js'

/** `.vscode/launch.json`: the application with the environment that the generator wrote for it. */
export function launchContributions(view: EditorView): readonly Contribution[] {
  const launched: Entry = {
    type: 'node',
    request: 'launch',
    // Without a main file of the project: the file that is open.
    program: view.main === undefined ? '${file}' : inWorkspace(view.main),
    cwd: '${workspaceFolder}',
    skipFiles: ['<node_internals>/**'],
    console: 'integratedTerminal',
  }
  const beside: Entry = {
    name: `secure-cache: application${view.suffix}`,
    ...launched,
    ...(view.hasEnvironment ? { envFile: inOutput(view, DEVELOPMENT_FILE) } : {}),
    preLaunchTask: taskLabel(view, 'start'),
  }
  // In the development container Redis runs already, and the environment is that of the container.
  const inContainer: Entry = { name: `secure-cache: application in the container${view.suffix}`, ...launched }
  const configurations = view.target === 'container' ? [beside, inContainer] : [beside]
  return [
    { kind: 'member', path: [], name: 'version', value: '0.2.0' },
    ...configurations.map(
      (value) => ({ kind: 'entry', path: ['configurations'], key: 'name', value }) as const,
    ),
  ]
}
