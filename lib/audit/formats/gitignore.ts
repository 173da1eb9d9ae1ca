/** What one character of a path segment may be; `star` stands for any number of any. */
type Token = 'star' | ((character: string) => boolean)

/** `**`, or more stars, stands for any number of whole segments. */
type Segment = '**' | readonly Token[]

/** One pattern of a .gitignore, ready to be asked. */
export interface IgnorePattern {
  readonly negated: boolean
  readonly foldersOnly: boolean
  /** What an anchored pattern says before its first wildcard; it may end within a segment. */
  readonly prefix: string
  /** What comes after the prefix. */
  readonly segments: readonly Segment[]
}

/** A .gitignore, and the path of the file in question relative to its folder, with `/`. */
export interface IgnoreLayer {
  readonly patterns: readonly IgnorePattern[]
  readonly path: string
}

/** Reads a .gitignore (git-scm.com: gitignore, pattern format). */
export function parseGitignore(text: string): readonly IgnorePattern[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const trimmed = line.replace(/(?<![\\ ]) +$/, '')
    if (trimmed === '' || trimmed.startsWith('#')) return []
    const negated = trimmed.startsWith('!')
    const body = negated ? trimmed.slice(1) : trimmed
    const foldersOnly = body.endsWith('/')
    const path = foldersOnly ? body.slice(0, -1) : body
    if (path === '') return []
    // A slash at the start or in the middle anchors the pattern to the .gitignore's own folder.
    const anchored = path.includes('/')
    const rooted = path.startsWith('/') ? path.slice(1) : path
    const prefix = anchored ? literalPrefix(rooted) : ''
    const parts = rooted.slice(prefix.length).split('/')
    const segments = (anchored ? parts : ['**', ...parts]).map((part) =>
      /^\*{2,}$/.test(part) ? '**' : tokensOf(part),
    )
    return [{ negated, foldersOnly, prefix, segments }]
  })
}

/**
 * git compares what stands before the first wildcard by itself and matches only the rest, for which `**` at its
 * start means any folders, even in the midst of a segment: `a**` + `/*` ignores `a` (git: dir.c, match_pathname).
 */
const literalPrefix = (path: string): string => /^[^*?[\\]*/.exec(path)?.[0] ?? ''

/**
 * Whether git ignores a file, by the .gitignore files from the repository's root down: the last pattern that
 * matches decides, and nothing inside an ignored folder can be taken back.
 */
export function isIgnored(layers: readonly IgnoreLayer[]): boolean {
  const depth = Math.max(0, ...layers.map(({ path }) => path.split('/').length))
  for (let levelsUp = depth - 1; levelsUp >= 0; levelsUp--) {
    if (verdict(layers, levelsUp) === true) return true
  }
  return false
}

/** On the file itself (0), or on its parent folder that many levels up. */
function verdict(layers: readonly IgnoreLayer[], levelsUp: number): boolean | undefined {
  let ignored: boolean | undefined
  for (const { patterns, path } of layers) {
    const parts = path.split('/')
    const asked = parts.slice(0, parts.length - levelsUp)
    if (asked.length === 0) continue
    const name = asked.join('/')
    for (const { negated, foldersOnly, prefix, segments } of patterns) {
      if (foldersOnly && levelsUp === 0) continue
      if (!name.startsWith(prefix)) continue
      if (matchesPath(segments, name.slice(prefix.length).split('/'))) ignored = !negated
    }
  }
  return ignored
}

function tokensOf(part: string): readonly Token[] {
  const tokens: Token[] = []
  const lastBracket = part.lastIndexOf(']')
  for (let p = 0; p < part.length; p++) {
    const c = part.charAt(p)
    if (c === '*') tokens.push('star')
    else if (c === '?') tokens.push(() => true)
    else if (c === '\\' && p + 1 < part.length) tokens.push(is(part.charAt(++p)))
    else if (c === '[') {
      const negated = /[!^]/.test(part.charAt(p + 1))
      const start = negated ? p + 2 : p + 1
      // A bracket right at the start belongs to the range.
      const end = start + 1 > lastBracket ? -1 : part.indexOf(']', start + 1)
      tokens.push(end === -1 ? is(c) : inRange(part.slice(start, end), negated))
      if (end !== -1) p = end
    } else tokens.push(is(c))
  }
  return tokens
}

function is(expected: string): Token {
  return (c) => c === expected
}

function inRange(body: string, negated: boolean): Token {
  const spans = [...body.matchAll(/\\?([^])(?:-\\?([^]))?/g)].map(([, from = '', to = from]) => [from, to])
  return (c) => spans.some(([from = '', to = '']) => c >= from && c <= to) !== negated
}

const matchesPath = (segments: readonly Segment[], parts: readonly string[]): boolean =>
  wildcard({
    pattern: segments,
    input: parts,
    isWild: (segment) => segment === '**',
    fits: (segment, part) => segment !== '**' && matchesSegment(segment, part),
    // `a/**` wants something inside: the folder itself does not match.
    wildNeedsOne: segments.at(-1) === '**',
  })

const matchesSegment = (tokens: readonly Token[], part: string): boolean =>
  wildcard({
    pattern: tokens,
    input: [...part],
    isWild: (token) => token === 'star',
    fits: (token, c) => token !== 'star' && token(c),
    wildNeedsOne: false,
  })

interface Wildcard<P, I> {
  readonly pattern: readonly P[]
  readonly input: readonly I[]
  readonly isWild: (pattern: P) => boolean
  readonly fits: (pattern: P, input: I) => boolean
  /** Whether a wildcard at the very end must swallow something. */
  readonly wildNeedsOne: boolean
}

/** Matches by going back to the last wildcard alone: quadratic at worst, where an expression is exponential. */
function wildcard<P, I>({ pattern, input, isWild, fits, wildNeedsOne }: Wildcard<P, I>): boolean {
  let p = 0
  let i = 0
  let back: { readonly p: number; i: number } | undefined
  while (i < input.length) {
    const want = pattern[p]
    const have = input[i]
    if (want !== undefined && isWild(want)) {
      back = { p, i }
      p++
    } else if (want !== undefined && have !== undefined && fits(want, have)) {
      p++
      i++
    } else if (back !== undefined) {
      back.i++
      i = back.i
      p = back.p + 1
    } else return false
  }
  const rest = pattern.slice(p)
  return rest.every(isWild) && !(wildNeedsOne && rest.length > 0)
}
