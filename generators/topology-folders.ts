import { posix } from 'node:path'
import type { Directory, OutputFile } from './folder.js'
import { nodesOf, type Layouts } from './topology.js'

/** Folders within the folders of the output that hold files, such as `conf/dev`, outermost first. */
export function innerDirectories(files: readonly OutputFile[]): readonly Directory[] {
  const inner = files.map(({ path }) => posix.dirname(path)).filter((folder) => folder.includes('/'))
  return [...new Set(inner)].toSorted().map((path) => ({ path, audience: 'server' }))
}

/** What each server and Sentinel writes to, with the folders around it, outermost first. */
export function dataFolders(layouts: Layouts | undefined): readonly Directory[] {
  const { servers, sentinels } = nodesOf(layouts)
  const own = [...servers, ...sentinels].map(({ folder }) => folder)
  const around = own.map((folder) => posix.dirname(folder)).filter((folder) => folder.includes('/'))
  return [...new Set([...around, ...own])].toSorted().map((path) => ({ path, audience: 'server' }))
}
