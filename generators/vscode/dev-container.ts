import { posix, relative, sep } from 'node:path'
import { BACKEND_MOUNT, DEVELOPMENT_FILE } from '../environment-files.js'
import { DIRECTORIES, PUBLIC, type OutputFile } from '../folder.js'
import { CONTAINER_PORT } from '../listener.js'
import { commentText } from '../quoting.js'
import { renderTemplate } from '../render.js'
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
  readonly out: string
  readonly project: string
  readonly command: string
  /** Names and values of `.env.development`. */
  readonly environment: Readonly<Record<string, string>>
}): Promise<OutputFile> {
  const { view, out, project, command, environment } = input
  const inside = view.inside ? posix.join(WORKSPACE, view.folder) : ''
  const text = await renderTemplate('docker-compose.devcontainer.yml.hbs', {
    header: { command },
    image: IMAGE,
    environmentFile: `./${DEVELOPMENT_FILE}`,
    environment: Object.entries(environment)
      .map(([name, value]) => ({ name, value: asInside(name, value) }))
      .filter(({ name, value }) => value !== environment[name]),
    project: relative(out, project).split(sep).join('/') || '.',
    workspace: WORKSPACE,
    mount: BACKEND_MOUNT,
    inside,
    masked: MASKED.map((path) => `${posix.join(inside, path)}:ro,mode=0000,size=4k`),
  })
  return { path: DEV_CONTAINER_COMPOSE, text, mode: PUBLIC }
}

/** A value of `.env.development`, which is for programs beside Docker, as it is inside. */
function asInside(name: string, value: string): string {
  if (name === 'REDIS_HOST') return 'redis'
  if (name === 'REDIS_PORT') return String(CONTAINER_PORT)
  return name.endsWith('_FILE') ? posix.join(BACKEND_MOUNT, posix.basename(value)) : value
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
