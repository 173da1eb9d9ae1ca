import { isCacheError } from './errors.js'
import { Secret } from './settings/secret.js'

const HIDDEN = '[secret]'
const MAX_INPUT = 16_384
const MAX_TEXT = 2000
const MAX_ENTRIES = 50
const MAX_DEPTH = 5
/** Shorter ones (development mode) would garble every other word of the log. */
const MIN_SECRET = 6

/** Makes what is about to be written harmless: no secret in it, nothing that a terminal or a parser obeys. */
export interface Redactor {
  text(text: string): string
  /** Hides secrets and leaves the rest as it is, for text that is cut and made harmless afterwards. */
  readonly hide: (text: string) => string
  fields(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>
}

/** What a secret looks like, whoever's it is. */
interface Pattern {
  /** Cheap to look for, and in every match: most lines hold none of them and are done at once. */
  readonly sign: RegExp
  readonly pattern: RegExp
  readonly replacement: string
}

/** All quantifiers are bounded: the text may be an attacker's, and a log line must not take a second. */
const PATTERNS: readonly Pattern[] = [
  {
    // Everything up to the last @ of the word: passwords that were not percent-encoded may hold / and @.
    sign: /:\/\//,
    pattern: /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s"'<>]{0,1024}@/gi,
    replacement: `$1${HIDDEN}@`,
  },
  {
    sign: /PRIVATE KEY-----/,
    pattern: /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g,
    replacement: HIDDEN,
  },
  {
    sign: /(?:bearer|basic)\s/i,
    pattern: /\b(Bearer|Basic)\s{1,8}[A-Za-z0-9._~+/=-]+/gi,
    replacement: `$1 ${HIDDEN}`,
  },
  // Redis commands that carry passwords: AUTH [user] password, HELLO n AUTH …, ACL SETUSER name >password.
  { sign: /AUTH\s/, pattern: /\b(AUTH)\s{1,8}\S+(?:\s{1,8}\S+)?/g, replacement: `$1 ${HIDDEN}` },
  { sign: /SETUSER\s/i, pattern: /\b(SETUSER)\s.*/gi, replacement: `$1 ${HIDDEN}` },
  {
    // name=value of a command line or form, "name":"value" of JSON, name: 'value' of util.inspect.
    sign: /passw|passphrase|secret|token|api_?key|credential/i,
    pattern:
      /\b(\w{0,40}(?:passw(?:or)?d|passphrase|secret|token|api_?key|credential)\w{0,40}(?:["']\s?:\s?|=|:\s?(?=["'])))(?:"[^"]*"|'[^']*'|[^\s,;&}"']+)/gi,
    replacement: `$1${HIDDEN}`,
  },
  { sign: /whsec_/, pattern: /\bwhsec_[A-Za-z0-9+/=]+/g, replacement: HIDDEN },
  {
    // 32 bytes as hex: keys and the hashes of passwords.
    sign: /[0-9a-f]{64}/i,
    pattern: /(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])/gi,
    replacement: HIDDEN,
  },
  {
    // 32 bytes as base64 or base64url.
    sign: /[A-Za-z0-9+/_-]{43}/,
    pattern: /(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{43}=?(?![A-Za-z0-9+/_=-])/g,
    replacement: HIDDEN,
  },
  // Fernet tokens: sealed, but by an older application.
  { sign: /gAAAA/, pattern: /\bgAAAA[A-Za-z0-9_-]{20,}={0,2}/g, replacement: HIDDEN },
]

/** Names of fields whose content is hidden: secrets, and what an event never tells (keys, values, arguments). */
const SECRET_NAMES =
  /passw|passphrase|secret|token|credential|authorization|cookie|private|api_?key|^(?:auth|pass|pwd|args?|arguments|values?|payload|plaintext)$|(?:^|[a-z_.-])keys?$/i

/** What must not reach a terminal or break a line: control, format, line and paragraph marks, lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

export function createRedactor(secrets: readonly Secret[] = []): Redactor {
  const known = patternOf(secrets)

  function hide(input: string): string {
    return withoutPatterns(known === undefined ? input : input.replaceAll(known, HIDDEN))
  }

  function text(input: string): string {
    const capped = input.length > MAX_INPUT ? input.slice(0, MAX_INPUT) : input
    const inert = hide(capped).replaceAll(UNPRINTABLE, escaped)
    if (inert.length > MAX_TEXT) return `${inert.slice(0, MAX_TEXT)}… [shortened]`
    // The cap may have cut a secret in two, so that neither half was recognised.
    return capped.length < input.length ? '[text too long]' : inert
  }

  function value(input: unknown, depth: number): unknown {
    if (typeof input === 'string') return text(input)
    if (typeof input === 'bigint') return text(String(input))
    if (typeof input === 'function' || typeof input === 'symbol') return `[${typeof input}]`
    if (typeof input !== 'object' || input === null) return input
    if (input instanceof Secret) return HIDDEN
    if (input instanceof Date)
      return Number.isFinite(input.getTime()) ? input.toISOString() : '[invalid date]'
    if (ArrayBuffer.isView(input)) return `[${input.byteLength} bytes]`
    if (input instanceof Error) return errorFacts(input)
    if (depth >= MAX_DEPTH) return '[nested]'
    if (Array.isArray(input)) return input.slice(0, MAX_ENTRIES).map((entry) => value(entry, depth + 1))
    return record(input, depth)
  }

  function record(input: object, depth: number): Readonly<Record<string, unknown>> {
    const entries = Object.entries(input).slice(0, MAX_ENTRIES)
    return Object.fromEntries(
      entries.map(([name, content]) => [
        text(name),
        SECRET_NAMES.test(name) && typeof content !== 'boolean' ? HIDDEN : value(content, depth + 1),
      ]),
    )
  }

  /** The message of a foreign error may be its argument; ours are written to be read. */
  function errorFacts(error: Error): Readonly<Record<string, unknown>> {
    const code = 'code' in error && typeof error.code === 'string' ? { code: text(error.code) } : {}
    return isCacheError(error)
      ? { name: text(error.name), ...code, message: text(error.message) }
      : { name: text(error.name), ...code }
  }

  return {
    text,
    hide,
    fields: (fields) => {
      try {
        return record(fields, 0)
      } catch {
        // A getter or a proxy that throws must not break whoever wanted to say something.
        return { fields: '[unreadable]' }
      }
    },
  }
}

/** Every secret within settings, or within anything made of plain objects. */
export function secretsOf(settings: unknown): readonly Secret[] {
  if (settings instanceof Secret) return [settings]
  if (typeof settings !== 'object' || settings === null) return []
  return Object.values(settings).flatMap(secretsOf)
}

/** One pattern for every spelling of every secret, longest first, so that no part of one is left over. */
function patternOf(secrets: readonly Secret[]): RegExp | undefined {
  const all = new Set(secrets.flatMap((secret) => spellings(secret.reveal())))
  const long = [...all].filter((spelling) => spelling.length >= MIN_SECRET)
  if (long.length === 0) return undefined
  const longestFirst = long.toSorted((one, other) => other.length - one.length)
  return new RegExp(
    longestFirst.map((spelling) => spelling.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join('|'),
    'g',
  )
}

/** As a secret reads in a URL, in JSON, in base64; of an address its password and its path as well. */
function spellings(secret: string): readonly string[] {
  const parts = URL.canParse(secret) ? partsOf(new URL(secret)) : []
  return [secret, ...parts].flatMap((part) => [
    part,
    encodeURIComponent(part),
    JSON.stringify(part).slice(1, -1),
    Buffer.from(part).toString('base64').replace(/=+$/, ''),
    Buffer.from(part).toString('base64url'),
    Buffer.from(part).toString('hex'),
  ])
}

function partsOf(url: URL): readonly string[] {
  return [url.password, decodedOr(url.password), url.pathname.length > 8 ? url.pathname : '']
}

function decodedOr(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function withoutPatterns(text: string): string {
  return PATTERNS.reduce(
    (rest, { sign, pattern, replacement }) =>
      sign.test(rest) ? rest.replaceAll(pattern, replacement) : rest,
    text,
  )
}

function escaped(character: string): string {
  const known = { '\n': String.raw`\n`, '\r': String.raw`\r`, '\t': String.raw`\t` }[character]
  return known ?? String.raw`\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}
