import { isAbsolute, relative, sep } from 'node:path'
import type { Target } from '../folder.js'
import type { LocalServer } from '../topology-view.js'

/** The default folder; others are named in the labels, so that two of them have tasks of their own. */
const USUAL_FOLDER = 'secure-redis'
const WORKSPACE = '${workspaceFolder}'

/**
 * What neither `${…}` of an editor's variables nor a pattern of file names gives another meaning, and what no
 * program that reads paths takes apart. Everything else stays out of the editor's files.
 */
const PLAIN_PATH = /^[^\p{C}\p{Zl}\p{Zp}"*?<>|{}[\]$`!\\,]+$/u

/** What the editor's files are made of. Paths have `/` on every system. */
export interface EditorView {
  readonly target: Target
  /** The output folder as a task names it: relative to the project, or absolute where it lies outside. */
  readonly folder: string
  /** Whether the folder lies inside the project, and is not the project itself. */
  readonly inside: boolean
  /** `secure-cache.js` of the package, below the project. */
  readonly program: string
  /** Words behind `generate-config` that write the same files again. */
  readonly generateWords: readonly string[]
  /** The application's main file, where package.json names one. */
  readonly main?: string | undefined
  /** Distinguishes labels of this folder; empty for the usual one. */
  readonly suffix: string
  /** Whether `.env.development` was written. */
  readonly hasEnvironment: boolean
  /** Programs of this machine that run the servers, as a task names them. */
  readonly servers: readonly LocalServer[]
  /** The script that makes a Cluster of the servers that the start task runs; absent for other topologies. */
  readonly createScript?: string | undefined
}

export interface EditorContext {
  readonly target: Target
  /** Absolute. */
  readonly out: string
  /** Absolute. */
  readonly project: string
  readonly generateWords: readonly string[]
  readonly program: string
  readonly main?: unknown
  readonly hasEnvironment: boolean
  /** Paths absolute. */
  readonly servers: readonly LocalServer[]
  readonly createScript?: string | undefined
}

/** Undefined where the folder's name cannot stand in the files of an editor. */
export function editorView(context: EditorContext): EditorView | undefined {
  const { out, project, main, servers, ...rest } = context
  const path = relative(project, out)
  const outside = isAbsolute(path) || path === '..' || path.startsWith(`..${sep}`)
  const folder = (outside ? out : path === '' ? '.' : path).split(sep).join('/')
  if (!PLAIN_PATH.test(folder) || !context.generateWords.every((word) => PLAIN_PATH.test(word)))
    return undefined
  const placed = (word: string): string => {
    const below = relative(out, word)
    return isAbsolute(word) && !below.startsWith('..')
      ? inOutput({ folder }, below.split(sep).join('/'))
      : word
  }
  return {
    ...rest,
    servers: servers.map(({ name, words }) => ({ name, words: words.map(placed) })),
    folder,
    inside: !outside && folder !== '.',
    main: typeof main === 'string' && PLAIN_PATH.test(main) ? main.replace(/^\.\//, '') : undefined,
    suffix: folder === USUAL_FOLDER ? '' : ` (${folder})`,
  }
}

/** A path of the project as the editor resolves it, wherever the project lies. */
export function inWorkspace(path: string): string {
  return isAbsolute(path) || /^[A-Za-z]:\//.test(path) ? path : `${WORKSPACE}/${path}`.replace(/\/\.$/, '')
}

/** A file of the output folder as the editor resolves it. */
export function inOutput({ folder }: Pick<EditorView, 'folder'>, file: string): string {
  return inWorkspace(folder === '.' ? file : `${folder}/${file}`)
}
