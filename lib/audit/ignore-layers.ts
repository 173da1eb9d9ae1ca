import { lstat } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'

import { isIgnored, parseGitignore, type IgnorePattern } from './formats/gitignore.js'

interface Layer {
  readonly folder: string
  readonly patterns: readonly IgnorePattern[]
}

/** Answers whether git ignores a file; `undefined` where neither a repository nor a .gitignore says anything. */
export type IgnoreQuestion = (absolute: string) => boolean | undefined

/**
 * Collects the .gitignore files that count for a folder: from the root of its repository down, and those
 * inside. `read` gives a file's text, or `undefined`.
 */
export async function ignoreLayers(
  folder: string,
  inside: readonly string[],
  read: (path: string) => Promise<string | undefined>,
): Promise<IgnoreQuestion> {
  const root = await repositoryOf(folder)
  const above = root === undefined ? [] : foldersBetween(root, folder)
  const layers: Layer[] = []
  const add = async (place: string, path: string): Promise<void> => {
    const text = await read(path)
    if (text !== undefined) layers.push({ folder: place, patterns: parseGitignore(text) })
  }
  // The repository's own list of exclusions counts less than any .gitignore.
  if (root !== undefined) await add(root, join(root, '.git', 'info', 'exclude'))
  const places = [...above, folder, ...inside.map((path) => dirname(path))]
  for (const place of new Set(places.toSorted((a, b) => a.length - b.length))) {
    await add(place, join(place, '.gitignore'))
  }
  return (absolute) => {
    const counting = layers.flatMap((layer) => layerFor(layer, absolute))
    return root === undefined && counting.length === 0 ? undefined : isIgnored(counting)
  }
}

function layerFor({ folder, patterns }: Layer, absolute: string) {
  const path = relative(folder, absolute)
  return path.startsWith('..') || path === '' ? [] : [{ patterns, path: path.split(sep).join('/') }]
}

async function repositoryOf(folder: string): Promise<string | undefined> {
  for (let place = resolve(folder); ; place = dirname(place)) {
    // A worktree has a file of that name, a repository a folder.
    const found = await lstat(join(place, '.git')).then(
      () => true,
      () => false,
    )
    if (found) return place
    if (dirname(place) === place) return undefined
  }
}

function foldersBetween(root: string, folder: string): readonly string[] {
  const steps = relative(root, resolve(folder))
    .split(sep)
    .filter((step) => step !== '')
  return steps.map((_, index) => join(root, ...steps.slice(0, index)))
}
