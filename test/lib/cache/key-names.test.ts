import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import {
  checkKey,
  MAX_KEY_BYTES,
  namespacePrefix,
  nestNamespace,
  RESERVED_NAMESPACES,
  ROOT_NAMESPACE,
} from '../../../lib/cache/key-names.js'
import { CacheError } from '../../../lib/errors.js'

/** Well-formed, and rich in what joins and separates. */
const text = fc.oneof(
  fc.string({
    minLength: 1,
    maxLength: 12,
    unit: fc.constantFrom(':', '/', '%', '@', '.', 'a', 'A', '2', 'é'),
  }),
  fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
)
const name = text.filter((candidate) => !candidate.startsWith('@'))
const path = fc.array(name, { maxLength: 3 })

function redisKey(prefix: string, names: readonly string[], key: string): string {
  return namespacePrefix(prefix, names.reduce(nestNamespace, ROOT_NAMESPACE)) + key
}

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof CacheError) {
      return error.code
    }
    throw error
  }
  return 'none'
}

describe('key names', () => {
  it('puts prefix, namespace, colon and key together, the root namespace being empty', () => {
    expect(redisKey('ai_cache:', [], 'user:1')).to.equal('ai_cache::user:1')
    expect(redisKey('ai_cache:', ['tenant-1', 'sessions'], 'x')).to.equal('ai_cache:tenant-1/sessions:x')
  })

  it('percent-encodes everything outside letters, digits, underscore, dot and hyphen', () => {
    expect(nestNamespace('', "a b/c:d*?[]%é!~'()")).to.equal(
      'a%20b%2Fc%3Ad%2A%3F%5B%5D%25%C3%A9%21%7E%27%28%29',
    )
    expect(nestNamespace('', '😀')).to.equal('%F0%9F%98%80')
  })

  it('lets no two pairs of namespace and key meet in one Redis key', () => {
    fc.assert(
      fc.property(path, text, path, text, (namesA, keyA, namesB, keyB) => {
        const same =
          namesA.join('\0') === namesB.join('\0') && namesA.length === namesB.length && keyA === keyB
        expect(redisKey('p:', namesA, keyA) === redisKey('p:', namesB, keyB)).to.equal(same)
      }),
      { numRuns: 5000 },
    )
  })

  it('can be read back to the one pair that it came from', () => {
    fc.assert(
      fc.property(path, text, (names, key) => {
        const rest = redisKey('p:', names, key).slice('p:'.length)
        const end = rest.indexOf(':')
        const namespace = rest.slice(0, end)
        expect(namespace === '' ? [] : namespace.split('/').map(decodeURIComponent)).to.deep.equal(names)
        expect(rest.slice(end + 1)).to.equal(key)
      }),
      { numRuns: 5000 },
    )
  })

  it('keeps its own namespaces out of reach of every name', () => {
    fc.assert(
      fc.property(path, (names) => {
        const encoded = names.reduce(nestNamespace, ROOT_NAMESPACE)
        expect(encoded).not.to.include('@')
        expect(RESERVED_NAMESPACES).not.to.include(encoded)
      }),
    )
    for (const reserved of RESERVED_NAMESPACES) {
      expect(codeOf(() => nestNamespace('', reserved))).to.equal('ERR_CACHE_NAMESPACE')
    }
  })

  it('refuses names that are no text, empty, malformed or too long', () => {
    for (const bad of [undefined, null, 7, {}, '', '\uD800', 'a\uDC00b', 'x'.repeat(513), 'é'.repeat(100)]) {
      expect(
        codeOf(() => nestNamespace('', bad)),
        typeof bad,
      ).to.equal('ERR_CACHE_NAMESPACE')
    }
    const long = nestNamespace('', 'x'.repeat(500))
    expect(codeOf(() => nestNamespace(long, 'y'.repeat(100)))).to.equal('ERR_CACHE_NAMESPACE')
  })

  it('accepts keys of 1 to 1024 UTF-8 bytes, whatever is in them', () => {
    for (const good of [
      'a',
      'user:1',
      '\0',
      ' ',
      '*',
      'x'.repeat(MAX_KEY_BYTES),
      'é'.repeat(512),
      '😀'.repeat(256),
    ]) {
      expect(codeOf(() => checkKey(good))).to.equal('none')
    }
  })

  it('refuses keys that are no text, empty, too long or malformed', () => {
    const bad = [
      undefined,
      null,
      1,
      ['a'],
      Symbol('a'),
      '',
      'x'.repeat(MAX_KEY_BYTES + 1),
      'é'.repeat(513),
      '\uD800',
      '\uDFFFa',
      'a\uD83D',
    ]
    for (const key of bad) {
      expect(
        codeOf(() => checkKey(key)),
        typeof key,
      ).to.equal('ERR_CACHE_KEY')
    }
  })

  it('names the expected form and never the key', () => {
    const secret = 'patient-4711'
    for (const action of [() => checkKey(`${secret}\uD800`), () => nestNamespace('', `@${secret}`)]) {
      expect(action).to.throw(CacheError).with.property('message').that.does.not.include(secret)
    }
  })
})
