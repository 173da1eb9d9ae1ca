import type { Position } from '../position.js'
import { splitWords } from './redis-words.js'
import { linesOf, placeIn, trimBlanks, type Line, type SourceText } from './source-text.js'

export interface Argument {
  readonly value: string
  readonly at: Position
  readonly quoted: boolean
}

/** One line of redis.conf or sentinel.conf; `name` in lower case, as the server compares it. */
export interface Directive {
  readonly name: string
  readonly args: readonly Argument[]
  readonly at: Position
}

/** A line that the server would refuse or misread; `message` never repeats the line. */
export interface FormatProblem {
  readonly at: Position
  readonly message: string
}

export interface RedisConf {
  readonly path: string
  readonly kind: 'server' | 'sentinel'
  readonly directives: readonly Directive[]
  readonly problems: readonly FormatProblem[]
  /** The first comment lines, where a generator writes its version and profile. */
  readonly header: readonly string[]
  /** Pulled in by another file's `include`: judged there, not on its own. */
  readonly fragment: boolean
}

/** Further down, a comment that names a version speaks of the history of a directive. */
const HEADER_LINES = 5

const QUOTING = {
  unterminated: 'a quote is opened and never closed: the server does not start',
  'closing-quote': 'a closing quote must be followed by a blank: the server does not start',
} as const

/** Reads a configuration as the server's `loadServerConfigFromString` does. */
export function parseRedisConf(source: SourceText): RedisConf {
  const directives: Directive[] = []
  const problems: FormatProblem[] = []
  const header: string[] = []
  if (source.byteOrderMark) {
    problems.push({
      at: { file: source.path, line: 1, column: 1 },
      message: 'the file begins with a byte-order mark: the server reads it as part of the first directive',
    })
  }
  for (const line of linesOf(source)) {
    const nul = line.text.indexOf('\0')
    if (nul !== -1) {
      problems.push({
        at: placeIn(source, line, nul),
        message: 'a NUL byte cuts the line short for the server',
      })
    }
    const text = trimBlanks(line.text, ' \t\r').body
    if (text === '' || text.startsWith('#')) {
      if (directives.length === 0 && text !== '' && header.length < HEADER_LINES) header.push(text)
      continue
    }
    readLine({ source, line, directives, problems })
  }
  const sentinel = directives.some((directive) => directive.name === 'sentinel')
  const kind = sentinel || /sentinel[^/\\]*$/i.test(source.path) ? 'sentinel' : 'server'
  return { path: source.path, kind, directives, problems, header, fragment: false }
}

interface Reading {
  readonly source: SourceText
  readonly line: Line
  readonly directives: Directive[]
  readonly problems: FormatProblem[]
}

function readLine({ source, line, directives, problems }: Reading): void {
  const split = splitWords(line.text)
  if (!split.ok) {
    problems.push({ at: placeIn(source, line, split.index), message: QUOTING[split.reason] })
    return
  }
  const [first, ...rest] = split.words
  if (first === undefined) return
  const args = rest.map(({ value, index, quoted }) => ({ value, quoted, at: placeIn(source, line, index) }))
  directives.push({ name: first.value.toLowerCase(), args, at: placeIn(source, line, first.index) })
}

/** Files that one configuration may draw in; more is a loop, or an attack on the reader. */
const MAX_INCLUDES = 50
/** Directives that all of them may copy together: thousands of files could draw in the largest one. */
const MAX_COPIES = 100_000

/** Configurations, and those of the others that they include, directly or through each other. */
export function withAdopted(confs: readonly RedisConf[], others: readonly RedisConf[]): readonly RedisConf[] {
  const waiting = new Map(others.map((conf) => [baseName(conf.path), conf]))
  const all = [...confs]
  // Grows while it is walked through.
  for (const conf of all) {
    for (const { args } of directivesOf(conf, 'include')) {
      const name = baseName(args[0]?.value ?? '')
      const adopted = waiting.get(name)
      waiting.delete(name)
      if (adopted !== undefined) all.push(adopted)
    }
  }
  return all
}

/** What includes make of the configurations of a folder. */
export interface Included {
  readonly confs: readonly RedisConf[]
  /** The places of files that are not there: what stands in them cannot be judged. */
  readonly absent: readonly Position[]
}

/**
 * Puts included files in the place of their `include`, as the server reads them. Paths are those of another
 * machine or container, so that a file is known by its name.
 */
export function withIncludes(confs: readonly RedisConf[]): Included {
  const included = new Set<string>()
  const absent: Position[] = []
  const byName = new Map<string, RedisConf[]>()
  for (const conf of confs) {
    const name = baseName(conf.path)
    const alike = byName.get(name)
    if (alike === undefined) byName.set(name, [conf])
    else alike.push(conf)
  }
  let copies = MAX_COPIES
  const expanded = confs.map((conf) => {
    let budget = MAX_INCLUDES
    const expand = (part: RedisConf): readonly Directive[] =>
      part.directives.flatMap((directive) => {
        if (directive.name !== 'include') return [directive]
        const named = byName.get(baseName(directive.args[0]?.value ?? ''))
        const target = named?.find((candidate) => candidate !== conf)
        if (named === undefined && part === conf) absent.push(directive.args[0]?.at ?? directive.at)
        if (target === undefined || budget === 0 || target.directives.length > copies) return [directive]
        budget--
        copies -= target.directives.length
        included.add(target.path)
        return [directive, ...expand(target)]
      })
    return { ...conf, directives: expand(conf) }
  })
  // Files that include each other in a ring are judged each, rather than none.
  const ring = expanded.every(({ path }) => included.has(path))
  return {
    confs: expanded.map((conf) => ({ ...conf, fragment: !ring && included.has(conf.path) })),
    absent,
  }
}

function baseName(path: string): string {
  return path.replace(/^.*[\\/]/s, '')
}

/** Names that mean the same directive (src/config.c, 7.0). The newer name leads. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['slaveof', 'replicaof'],
  ['slave-read-only', 'replica-read-only'],
  ['lua-time-limit', 'busy-reply-threshold'],
])

export function canonicalName(name: string): string {
  return ALIASES.get(name) ?? name
}

/** The directive that counts: the last one, as for the server. */
export function lastDirective(conf: RedisConf, name: string): Directive | undefined {
  return conf.directives.findLast((directive) => canonicalName(directive.name) === name)
}

/** Every directive of a name, for those that add up (`user`, `save`, `loadmodule`). */
export function directivesOf(conf: RedisConf, name: string): readonly Directive[] {
  return conf.directives.filter((directive) => canonicalName(directive.name) === name)
}

/** The first argument of the directive that counts, in lower case; `undefined` where it is absent. */
export function settingOf(conf: RedisConf, name: string): string | undefined {
  return lastDirective(conf, name)?.args[0]?.value.toLowerCase()
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1000,
  kb: 1024,
  m: 1_000_000,
  mb: 1024 ** 2,
  g: 1_000_000_000,
  gb: 1024 ** 3,
}

/** Bytes of a Redis memory value such as `256mb` (src/util.c, memtoull); `undefined` for anything else. */
export function memoryBytes(text: string | undefined): number | undefined {
  const [, digits, unit] = /^(\d{1,15})([a-z]{0,2})$/i.exec(text ?? '') ?? []
  const factor = unit === undefined ? undefined : UNITS[unit.toLowerCase()]
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor
}
