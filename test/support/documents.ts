import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT_DOCUMENTS = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md']

/** A fenced block: ```` ```language words ````. */
export interface Fence {
  readonly language: string
  readonly words: readonly string[]
  readonly code: string
}

export interface Document {
  /** Relative to the root of the repository. */
  readonly path: string
  readonly text: string
  readonly fences: readonly Fence[]
}

/** Every document for people in the repository. */
export function readDocuments(root: string): readonly Document[] {
  const folders = ['docs', 'examples'].filter((folder) => existsSync(join(root, folder)))
  const below = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md'))
      .map((path) => `${folder}/${path}`),
  )
  return [...ROOT_DOCUMENTS, ...below].map((path) => {
    const text = readFileSync(join(root, path), 'utf8')
    return { path, text, fences: fencesOf(text) }
  })
}

function fencesOf(text: string): readonly Fence[] {
  return [...text.matchAll(/^```(\S+)(.*)\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', words = '', code = '']) => ({
      language,
      words: words.trim().split(/\s+/).filter(Boolean),
      code,
    }),
  )
}

/** A program of a document: one block, and those after it that say `continued`. */
export interface Example {
  readonly name: string
  readonly source: string
  /** `run`: ends by itself and prints `output`. `serve`: listens on port 3000 and answers `requests`. */
  readonly mode: 'compile' | 'run' | 'serve'
  readonly output: string | undefined
  readonly requests: readonly string[]
}

/**
 * Every `ts` block has to compile as a program of its own; `ts continued` goes on with the one before it.
 * `ts run` is run too, and prints what the next `text output` block shows. `ts serve` is started, and answers
 * the `curl` lines of the next `console` block.
 */
export function examplesOf({ path, fences }: Document): readonly Example[] {
  const examples: Example[] = []
  for (const [index, { language, words, code }] of fences.entries()) {
    if (language !== 'ts') continue
    const last = examples.at(-1)
    if (words.includes('continued')) {
      if (last === undefined) throw new Error(`${path}: the first ts block cannot continue another`)
      examples[examples.length - 1] = { ...last, source: `${last.source}\n${code}` }
      continue
    }
    const following = fences[index + 1]
    examples.push({
      name: `${path.replace(/\W+/g, '-')}-${String(examples.length + 1)}`,
      source: code,
      mode: words.includes('run') ? 'run' : words.includes('serve') ? 'serve' : 'compile',
      output:
        following?.language === 'text' && following.words.includes('output') ? following.code : undefined,
      requests: following?.language === 'console' ? requestsOf(following.code) : [],
    })
  }
  return examples
}

function requestsOf(console: string): readonly string[] {
  return [...console.matchAll(/^curl .*?(http:\/\/\S+:3000\/\S*)/gm)].flatMap(([, url]) => url ?? [])
}

/** Headings as a page names them for links: lower case, without punctuation, spaces as dashes. */
export function anchorsOf({ text }: Document): ReadonlySet<string> {
  const headings = text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#{1,6} (.+)$/gm)
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    ),
  )
}

/** Where the document's relative links point to. */
export function linksOf({
  text,
}: Document): readonly { readonly path: string; readonly anchor: string | undefined }[] {
  return [...text.matchAll(/\]\((?!\w+:)([^)\s#]*)(?:#([^)\s]*))?\)/g)].map(([, path = '', anchor]) => ({
    path: decodeURIComponent(path),
    anchor,
  }))
}
