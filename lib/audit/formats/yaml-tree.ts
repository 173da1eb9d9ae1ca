import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml'

import type { Position } from '../position.js'
import type { FormatProblem } from './redis-conf.js'
import type { SourceText } from './source-text.js'

/** A YAML node with its place; aliases and merge keys are resolved, and shared rather than copied. */
export type YamlNode = YamlScalar | YamlMap | YamlList

export interface YamlScalar {
  readonly kind: 'scalar'
  readonly at: Position
  readonly value: string | number | boolean | null
  /** As a person reads it: numbers and booleans as written. */
  readonly text: string
}

export interface YamlMap {
  readonly kind: 'map'
  readonly at: Position
  readonly entries: ReadonlyMap<string, YamlEntry>
}

export interface YamlEntry {
  readonly at: Position
  readonly node: YamlNode
}

export interface YamlList {
  readonly kind: 'list'
  readonly at: Position
  readonly items: readonly YamlNode[]
}

export interface YamlTree {
  readonly root: YamlNode | undefined
  /** Every scalar of the text, once, with the name of the key that leads to it. */
  readonly scalars: readonly { readonly key: string; readonly scalar: YamlScalar }[]
  readonly duplicateKeys: readonly Position[]
  readonly problems: readonly FormatProblem[]
}

/** Deeper than any real file, and far from the end of the stack. */
const MAX_DEPTH = 64
/** After these the rest of the file is guesswork. */
const MAX_PROBLEMS = 20
/** Nodes that all aliases of a file may stand for: every rule walks through them again. */
const MAX_ALIASED = 50_000
/** What all merge keys of a file may copy; a real file has dozens. */
const MAX_MERGED_ENTRIES = 20_000

/**
 * Reads YAML with places. An alias points to the very node that its anchor made, so that a file of nested
 * aliases costs what its text costs; nesting is bounded.
 */
export function parseYaml(source: SourceText): YamlTree {
  if (nestsTooDeep(source.text)) return broken(source, 'the file is nested deeper than any real one')
  const lines = new LineCounter()
  const document = parseDocument(source.text, {
    lineCounter: lines,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  })
  return new TreeBuilder(source, lines, document).build()
}

function broken(source: SourceText, message: string): YamlTree {
  const problems = [{ at: { file: source.path, line: 1, column: 1 }, message }]
  return { root: undefined, scalars: [], duplicateKeys: [], problems }
}

/**
 * Bounds the parser's recursion before it starts: brackets of flow style, and the number of different
 * indentations or of `- - -` in block style. Brackets inside quotes count as well: a real file has few.
 */
function nestsTooDeep(text: string): boolean {
  let flow = 0
  for (const c of text) {
    if (c === '[' || c === '{') flow++
    else if ((c === ']' || c === '}') && flow > 0) flow--
    if (flow > MAX_DEPTH) return true
  }
  const indents: number[] = []
  for (const line of text.split('\n')) {
    const [lead = ''] = /^[ ]*(?:[-?:][ \t]+)*/.exec(line) ?? []
    if (lead.length === line.trimEnd().length) continue
    while ((indents.at(-1) ?? -1) >= lead.length) indents.pop()
    indents.push(lead.length)
    if (indents.length > MAX_DEPTH || (lead.match(/[-?:]/g)?.length ?? 0) > MAX_DEPTH) return true
  }
  return false
}

class TreeBuilder {
  readonly #source: SourceText
  readonly #lines: LineCounter
  readonly #document: Document.Parsed
  readonly #scalars: { readonly key: string; readonly scalar: YamlScalar }[] = []
  readonly #duplicates: Position[] = []
  readonly #problems: FormatProblem[] = []
  readonly #anchors = new Map<string, { readonly node: YamlNode; readonly size: number }>()
  /** Nodes so far, those behind aliases counted each time. */
  #count = 0
  #aliasBudget = MAX_ALIASED
  #mergeBudget = MAX_MERGED_ENTRIES

  constructor(source: SourceText, lines: LineCounter, document: Document.Parsed) {
    this.#source = source
    this.#lines = lines
    this.#document = document
  }

  build(): YamlTree {
    for (const error of this.#document.errors.slice(0, MAX_PROBLEMS)) {
      // The parser's own message quotes the text, which may be a secret.
      this.#problems.push({ at: this.#place(error.pos[0]), message: 'the file is not valid YAML here' })
    }
    const contents = this.#document.contents as Node | null
    const root = contents === null ? undefined : this.#node(contents, '')
    return {
      root,
      scalars: this.#scalars,
      duplicateKeys: this.#duplicates,
      problems: this.#problems,
    }
  }

  #node(node: Node, key: string): YamlNode {
    const at = this.#place(node.range?.[0] ?? 0)
    // Nodes come in the order of the text: the anchor that counts is the last one before its alias. A node
    // that is not complete yet has no entry, so that an alias inside it to itself finds nothing.
    if (isAlias(node)) return this.#aliased(node.source, at)
    const before = this.#count++
    const made = this.#make(node, at, key)
    const anchor = 'anchor' in node ? node.anchor : undefined
    if (typeof anchor === 'string') {
      this.#anchors.set(anchor, { node: made, size: this.#count - before })
    }
    return made
  }

  #aliased(name: string, at: Position): YamlNode {
    const anchor = this.#anchors.get(name)
    if (anchor === undefined || this.#aliasBudget < 0) return this.#empty(at)
    this.#count += anchor.size
    this.#aliasBudget -= anchor.size
    if (this.#aliasBudget >= 0) return anchor.node
    this.#problems.push({
      at,
      message: 'not checked from here on: aliases stand for more than in any real file',
    })
    return this.#empty(at)
  }

  #make(node: Node, at: Position, key: string): YamlNode {
    if (isMap(node)) return { kind: 'map', at, entries: this.#entries(node.items as readonly YamlPair[]) }
    if (isSeq(node)) {
      const items = (node.items as readonly Node[]).map((item) => this.#node(item, key))
      return { kind: 'list', at, items }
    }
    const value: unknown = isScalar(node) ? node.value : null
    const scalar = scalarOf(value, at)
    this.#scalars.push({ key, scalar })
    return scalar
  }

  #entries(items: readonly YamlPair[]): ReadonlyMap<string, YamlEntry> {
    const merged = new Map<string, YamlEntry>()
    const own = new Map<string, YamlEntry>()
    for (const { key, value } of items) {
      const at = this.#place(key.range?.[0] ?? 0)
      const name = isScalar(key) ? String(key.value) : ''
      const node = value === null ? this.#empty(at) : this.#node(value, name)
      if (name === '<<') {
        for (const map of mergeSources(node)) {
          this.#mergeBudget -= map.entries.size
          if (this.#mergeBudget > 0)
            for (const [inherited, entry] of map.entries) merged.set(inherited, entry)
        }
        continue
      }
      if (own.has(name)) this.#duplicates.push(at)
      own.set(name, { at, node })
    }
    return new Map([...merged, ...own])
  }

  #empty(at: Position): YamlScalar {
    return { kind: 'scalar', at, value: null, text: '' }
  }

  #place(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset)
    return { file: this.#source.path, line: Math.max(1, line), column: Math.max(1, col) }
  }
}

interface YamlPair {
  readonly key: Node
  readonly value: Node | null
}

/** What `<<: *a` or `<<: [*a, *b]` brings in; the first of several wins. */
function mergeSources(node: YamlNode): readonly YamlMap[] {
  if (node.kind === 'map') return [node]
  const maps = node.kind === 'list' ? node.items.filter((item): item is YamlMap => item.kind === 'map') : []
  return maps.toReversed()
}

function scalarOf(value: unknown, at: Position): YamlScalar {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') {
    return { kind: 'scalar', at, value, text: String(value) }
  }
  return typeof value === 'bigint'
    ? { kind: 'scalar', at, value: Number(value), text: String(value) }
    : { kind: 'scalar', at, value: null, text: '' }
}

/** The node under a path of keys; `undefined` where any of them is absent. */
export function under(node: YamlNode | undefined, ...path: readonly string[]): YamlNode | undefined {
  let here = node
  for (const key of path) here = here?.kind === 'map' ? here.entries.get(key)?.node : undefined
  return here
}

/** A map's entries, or a list's `name=value` and `name` items: compose accepts both. */
export function pairsOf(
  node: YamlNode | undefined,
): readonly { readonly name: string; readonly at: Position; readonly value: string | undefined }[] {
  if (node?.kind === 'map') {
    return [...node.entries].map(([name, { node: value }]) => ({
      name,
      at: value.kind === 'scalar' ? value.at : node.at,
      value: value.kind === 'scalar' && value.value !== null ? value.text : undefined,
    }))
  }
  return textsOf(node).map(({ text, at }) => {
    const [name = '', ...rest] = text.split('=')
    return { name, at, value: rest.length === 0 ? undefined : rest.join('=') }
  })
}

/** The scalars of a list, or a single one. */
export function textsOf(node: YamlNode | undefined): readonly YamlScalar[] {
  if (node?.kind === 'scalar') return node.value === null ? [] : [node]
  return node?.kind === 'list' ? node.items.filter((item): item is YamlScalar => item.kind === 'scalar') : []
}
