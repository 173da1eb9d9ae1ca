import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { JsoncDocument, JsonPath } from './jsonc-document.js'

/**
 * What we put into a file that others write too. A `member` is a setting: whoever has set it already is right.
 * An `entry` is an object of a list with a name of ours in `key`, such as a task. An `item` is a text of a list,
 * unless the list at `unless` holds it.
 */
export type Contribution =
  | { readonly kind: 'member'; readonly path: JsonPath; readonly name: string; readonly value: unknown }
  | { readonly kind: 'entry'; readonly path: JsonPath; readonly key: string; readonly value: Entry }
  | { readonly kind: 'item'; readonly path: JsonPath; readonly value: string; readonly unless: JsonPath }

export type Entry = Readonly<Record<string, unknown>>

/** Hashes of what we put there, by the name of the part: tells ours from what was changed by hand. */
export type Parts = ReadonlyMap<string, string>

export interface Merged {
  readonly document: JsoncDocument
  /** The parts that stand there now as we wrote them. */
  readonly parts: Parts
  /** Names of ours that were changed by hand, and stay as they are. */
  readonly kept: readonly string[]
}

interface MergeOptions {
  readonly remembered: Parts
  /** Puts ours in the place of entries that were changed by hand. Settings stay whoever's they are. */
  readonly force: boolean
}

/** Adds what is missing, brings up to date what is ours, and leaves everything else as it is. */
export function merge(
  document: JsoncDocument,
  contributions: readonly Contribution[],
  { remembered, force }: MergeOptions,
): Merged {
  const parts = new Map<string, string>()
  const kept: string[] = []
  let merged = document
  for (const contribution of contributions) {
    const { path, value } = contribution
    const name = [...path, nameOf(contribution)].join('/')
    const place = placeOf(merged, contribution)
    const ours = remembered.get(name) === hashOf(place.present)
    if (place.present === undefined) merged = place.withOurs()
    else if (!isDeepStrictEqual(place.present, value)) {
      const replaces = ours || (force && contribution.kind === 'entry')
      if (!replaces) {
        if (contribution.kind === 'entry') kept.push(nameOf(contribution))
        continue
      }
      merged = place.withOurs()
    }
    parts.set(name, hashOf(value))
  }
  return { document: merged, parts, kept }
}

interface Place {
  /** What stands there now; undefined where there is nothing. */
  readonly present: unknown
  readonly withOurs: () => JsoncDocument
}

function placeOf(document: JsoncDocument, contribution: Contribution): Place {
  const { path, value } = contribution
  if (contribution.kind === 'member') {
    const { name } = contribution
    return {
      present: document.value([...path, name]),
      withOurs: () => document.withMember(path, name, value),
    }
  }
  const items = document.items(path)
  if (contribution.kind === 'item') {
    const there = [...items, ...document.items(contribution.unless)].includes(value)
    return { present: there ? value : undefined, withOurs: () => document.withItem(path, value) }
  }
  const { key } = contribution
  const index = items.findIndex((item) => isEntry(item) && item[key] === contribution.value[key])
  return {
    present: items[index],
    withOurs: () =>
      index < 0 ? document.withItem(path, value) : document.withItemReplaced(path, index, value),
  }
}

function nameOf(contribution: Contribution): string {
  if (contribution.kind === 'member') return contribution.name
  return contribution.kind === 'item' ? contribution.value : String(contribution.value[contribution.key])
}

/** Of the content, however it is laid out. */
function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(value, inOrder) ?? '')
    .digest('hex')
}

function inOrder(_name: string, value: unknown): unknown {
  if (!isEntry(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)))
}

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
