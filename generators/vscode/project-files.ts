import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { settingsSchema } from '../../lib/settings/schema.js'
import type { Settings } from '../../lib/settings/settings.js'
import { DEVELOPMENT_FILE } from '../environment-files.js'
import { PUBLIC, type OutputFile, type Target } from '../folder.js'
import type { TargetServer } from '../server-version.js'
import { localServers } from '../topology-view.js'
import { DEVELOPMENT_COMPOSE, createScript } from '../view-model.js'
import {
  DEV_CONTAINER_FILE,
  SECOND_DEV_CONTAINER_FILE,
  devContainerCompose,
  devContainerFile,
} from './dev-container.js'
import { editorView, type EditorView } from './editor-view.js'
import { SCHEMA_FILE, settingContributions } from './editor-settings.js'
import { extensionContributions } from './extensions.js'
import { JsoncDocument } from './jsonc-document.js'
import { launchContributions } from './launch.js'
import { merge, type Contribution, type Parts } from './merge.js'
import { snippetsFile } from './snippets.js'
import { taskContributions } from './tasks.js'

const PACKAGE = 'express-secure-cache'
const PROGRAM = 'dist/cli/secure-cache.js'

/** The project that opens in an editor. */
export interface ProjectOptions {
  /** Absolute. */
  readonly folder: string
  /** Words behind `generate-config` that write the same files again, run in that folder. */
  readonly generateWords: readonly string[]
  /** Puts ours in the place of tasks and the like that were changed by hand. */
  readonly force: boolean
}

interface ProjectContext {
  readonly project: ProjectOptions
  readonly settings: Settings
  readonly server: TargetServer
  readonly target: Target
  /** The output folder, absolute. */
  readonly out: string
  readonly command: string
  /** What this run writes into the output. */
  readonly files: readonly OutputFile[]
  /** The text of a file of the project; undefined where there is none. */
  readonly read: (path: string) => Promise<string | undefined>
  readonly rememberedParts: (path: string) => Parts
  /** Whether an earlier run wrote this file of the project. */
  readonly remembers: (path: string) => boolean
}

/** Files that the project shares with us, and what is ours in them. */
const SHARED: readonly {
  readonly path: string
  readonly contributions: (view: EditorView) => readonly Contribution[]
}[] = [
  { path: '.vscode/tasks.json', contributions: taskContributions },
  { path: '.vscode/launch.json', contributions: launchContributions },
  { path: '.vscode/settings.json', contributions: settingContributions },
  { path: '.vscode/extensions.json', contributions: extensionContributions },
]

/**
 * Files of an editor: tasks, launch configurations, settings, recommendations, snippets and a development container.
 * What a project has of them already stays, comments included.
 *
 * @throws {ConfigError} ERR_CONFIG_FILES with `file:line:column` for a file of the project that is broken
 */
export async function gatherProjectFiles(
  context: ProjectContext,
): Promise<{ readonly files: readonly OutputFile[]; readonly notes: readonly string[] }> {
  const { project, target, out, command } = context
  const { program, installed, main } = await packageIn(project.folder)
  const environment = context.files.find(({ path }) => path === DEVELOPMENT_FILE)
  const view = editorView({
    target,
    out,
    project: project.folder,
    generateWords: project.generateWords,
    program,
    main,
    hasEnvironment: environment !== undefined,
    servers: target === 'local' ? localServers(context) : [],
    createScript: scriptIn(context),
  })
  if (view === undefined) {
    return {
      files: [],
      notes: ["no files for the editor were written: the folder's name cannot stand in them"],
    }
  }
  const shared = await Promise.all(SHARED.map((entry) => mergedFile(entry, { view, context })))
  return {
    files: [
      ...shared.map(({ file }) => file),
      { ...snippetsFile(command), place: 'project' },
      { path: SCHEMA_FILE, text: `${JSON.stringify(settingsSchema(), null, 2)}\n`, mode: PUBLIC },
      ...(environment === undefined || !canHoldContainer(view)
        ? []
        : await devContainer({ view, context, environment: parse(environment.text) })),
    ],
    notes: [
      ...shared.flatMap(({ notes }) => notes),
      ...(installed ? [] : [`the tasks of the editor need the package here: npm install ${PACKAGE}`]),
    ],
  }
}

async function mergedFile(
  { path, contributions }: (typeof SHARED)[number],
  { view, context }: { readonly view: EditorView; readonly context: ProjectContext },
): Promise<{ readonly file: OutputFile; readonly notes: readonly string[] }> {
  const document = JsoncDocument.parse(path, (await context.read(path)) ?? '')
  const merged = merge(document, contributions(view), {
    remembered: context.rememberedParts(path),
    force: context.project.force,
  })
  return {
    file: { path, text: merged.document.text, mode: PUBLIC, place: 'project', parts: merged.parts },
    notes: merged.kept.map(
      (name) => `"${name}" of ${path} was changed by hand, and is left as it is; --force writes ours`,
    ),
  }
}

/** A container that works on the project needs Compose, and an output folder that is a part of it. */
function canHoldContainer({ target, inside }: EditorView): boolean {
  return target === 'container' && inside
}

async function devContainer({
  view,
  context,
  environment,
}: {
  readonly view: EditorView
  readonly context: ProjectContext
  readonly environment: Readonly<Record<string, string>>
}): Promise<readonly OutputFile[]> {
  const { project, settings, out, command, read, remembers } = context
  const taken = (await read(DEV_CONTAINER_FILE)) !== undefined && !remembers(DEV_CONTAINER_FILE)
  const path = taken ? SECOND_DEV_CONTAINER_FILE : DEV_CONTAINER_FILE
  return [
    await devContainerCompose({ view, settings, out, project: project.folder, command, environment }),
    { ...devContainerFile(path, { view, command }), place: 'project' },
  ]
}

/** The script that makes a Cluster of the servers that the start task runs. */
function scriptIn({ settings, target }: ProjectContext): string | undefined {
  if (settings.server.topology !== 'cluster') return undefined
  return createScript(target === 'container' ? DEVELOPMENT_COMPOSE : '')
}

/** Where the program lies: in the project's packages, or in the project where that is our own. */
async function packageIn(
  folder: string,
): Promise<{ readonly program: string; readonly installed: boolean; readonly main: unknown }> {
  const manifest = await readFile(join(folder, 'package.json'), 'utf8')
    .then(
      (text): unknown => JSON.parse(text),
      () => undefined,
    )
    .catch(() => undefined)
  const { name, main }: { name?: unknown; main?: unknown } =
    typeof manifest === 'object' && manifest !== null ? manifest : {}
  if (name === PACKAGE) return { program: PROGRAM, installed: true, main: undefined }
  const program = `node_modules/${PACKAGE}/${PROGRAM}`
  const installed = await lstat(join(folder, program)).then(
    () => true,
    () => false,
  )
  return { program, installed, main }
}
