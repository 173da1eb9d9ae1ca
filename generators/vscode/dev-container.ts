import { posix, relative, sep } from 'node:path'
import type { Settings } from '../../lib/settings/settings.js'
import { BACKEND_MOUNT, DEVELOPMENT_FILE, addressOf } from '../environment-files.js'
import { DIRECTORIES, PUBLIC, type OutputFile } from '../folder.js'
import { commentText } from '../quoting.js'
import { renderTemplate } from '../render.js'
import { layoutsOf } from '../topology.js'
import type { EditorView } from './editor-view.js'
import { EXTENSIONS } from './extensions.js'

export const DEV_CONTAINER_COMPOSE = 'docker-compose.devcontainer.yml'
/** Where editors look first; a project with one of its own gets ours beside it, and chooses. */
export const DEV_CONTAINER_FILE = '.devcontainer/devcontainer.json'
export const SECOND_DEV_CONTAINER_FILE = '.devcontainer/secure-redis/devcontainer.json'

/** An LTS line of Node with git and compilers; its user `node` is what editors expect. */
const IMAGE = 'node:22-bookworm'
const WORKSPACE = '/workspace'

/** Masked in the container: what the server and the operator alone may read. */
const MASKED = [DIRECTORIES.operator.path, DIRECTORIES.secrets.path, DIRECTORIES.tls.path]

/** The service beside Redis, as an addition to docker-compose.yml. */
export async function devContainerCompose(input: {
  readonly view: EditorView
  readonly settings: Settings
  readonly out: string
  readonly project: string
  readonly command: string
  /** Names and values of `.env.development`. */
  readonly environment: Readonly<Record<string, string>>
}): Promise<OutputFile> {
  const { view, settings, out, project, command, environment } = input
  const addresses = new Map(
    addressOf(settings, { target: 'container', mounted: true }).map(({ name, value }) => [name, value]),
  )
  const insideOf = (name: string, value: string): string => addresses.get(name) ?? pathInside(name, value)
  const inside = view.inside ? posix.join(WORKSPACE, view.folder) : ''
  const text = await renderTemplate('docker-compose.devcontainer.yml.hbs', {
    header: { command },
    image: IMAGE,
    environmentFile: `./${DEVELOPMENT_FILE}`,
    environment: Object.entries(environment)
      .map(([name, value]) => ({ name, value: insideOf(name, value) }))
      .filter(({ name, value }) => value !== environment[name]),
    project: relative(out, project).split(sep).join('/') || '.',
    workspace: WORKSPACE,
    mount: BACKEND_MOUNT,
    services: servicesOf(settings),
    inside,
    masked: MASKED.map((path) => `${posix.join(inside, path)}:ro,mode=0000,size=4k`),
  })
  return { path: DEV_CONTAINER_COMPOSE, text, mode: PUBLIC }
}

/** Files of `app/` are mounted where the application finds them in every container. */
function pathInside(name: string, value: string): string {
  return name.endsWith('_FILE') ? posix.join(BACKEND_MOUNT, posix.basename(value)) : value
}

/** Every server that the workspace waits for. */
function servicesOf(settings: Settings): readonly string[] {
  const layout = layoutsOf(settings, 'container')?.main
  return layout === undefined ? ['redis'] : [...layout.servers, ...layout.sentinels].map(({ name }) => name)
}

/** `devcontainer.json`, for its place in the project. */
export function devContainerFile(path: string, input: { view: EditorView; command: string }): OutputFile {
  const { view, command } = input
  const up = '../'.repeat(path.split('/').length - 1)
  const compose = (file: string): string =>
    `${view.inside || view.folder === '.' ? up : ''}${posix.join(view.folder, file)}`
  const content = {
    name: `Redis beside the application${view.suffix}`,
    dockerComposeFile: [compose('docker-compose.yml'), compose(DEV_CONTAINER_COMPOSE)],
    service: 'workspace',
    workspaceFolder: WORKSPACE,
    remoteUser: 'node',
    customizations: {
      vscode: { extensions: EXTENSIONS.filter(({ inside }) => inside).map(({ id }) => id) },
    },
  }
  const text = [
    `// Written by: ${commentText(command)}`,
    '// A place to work in, beside the hardened Redis and on its network. Run the command above first, outside.',
    JSON.stringify(content, null, 2),
    '',
  ].join('\n')
  return { path, text, mode: PUBLIC }
}
