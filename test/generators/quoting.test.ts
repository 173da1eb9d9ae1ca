import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import { parse as parseEnv } from 'dotenv'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import { parse as parseYaml } from 'yaml'
import {
  QUOTING,
  commentText,
  composeText,
  envValue,
  redisWord,
  shellWord,
  wholeNumber,
  yamlText,
} from '../../generators/quoting.js'
import { HOSTILE_TEXTS } from '../support/hostile-texts.js'

/** What a reader makes of a quoted text, or `refused` where we did not write it. */
function roundTrip(
  text: string,
  quote: (text: string) => string,
  read: (quoted: string) => unknown,
): unknown {
  let quoted: string
  try {
    quoted = quote(text)
  } catch (error) {
    expect(error).to.have.property('code', 'ERR_CONFIG_INVALID')
    // The value itself is never part of the message.
    if (text.length > 8) expect(String(error)).not.to.include(text)
    return 'refused'
  }
  return read(quoted)
}

/** Redis's own sdssplitargs, for one word in double quotes. */
function readRedisWord(line: string): string {
  const [first, ...rest] = splitRedisLine(line)
  expect(rest).to.deep.equal([])
  return first ?? ''
}

function splitRedisLine(line: string): string[] {
  expect(line).not.to.match(/[\r\n]/)
  const bytes = Buffer.from(line)
  const words: Buffer[] = []
  let at = 0
  while (at < bytes.length) {
    if (bytes[at] !== 0x22) throw new Error('not in quotes')
    const word: number[] = []
    at += 1
    while (bytes[at] !== 0x22) {
      if (bytes[at] === undefined) throw new Error('unbalanced quotes')
      if (bytes[at] === 0x5c && bytes[at + 1] === 0x78) {
        word.push(Number.parseInt(bytes.subarray(at + 2, at + 4).toString(), 16))
        at += 4
      } else if (bytes[at] === 0x5c) {
        const escaped = String.fromCharCode(bytes[at + 1] ?? 0)
        const plain: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\u0007' }
        word.push((plain[escaped] ?? escaped).charCodeAt(0))
        at += 2
      } else {
        word.push(bytes[at] ?? 0)
        at += 1
      }
    }
    words.push(Buffer.from(word))
    at += 1
  }
  return words.map((word) => word.toString('utf8'))
}

/** Compose replaces `$$` by `$`, and everything else that begins with `$` is an interpolation. */
function readCompose(quoted: string): unknown {
  const text: unknown = parseYaml(quoted)
  if (typeof text !== 'string') return text
  expect(text.replaceAll('$$', '')).not.to.include('$')
  return text.replaceAll('$$', '$')
}

const FORMATS = [
  { name: 'redis.conf', quote: redisWord, read: readRedisWord },
  { name: 'YAML', quote: yamlText, read: (quoted: string): unknown => parseYaml(`key: ${quoted}\n`).key },
  { name: 'Compose', quote: composeText, read: readCompose },
  { name: 'a comment', quote: commentText, read: (quoted: string) => quoted },
  {
    name: 'an environment file',
    quote: envValue,
    read: (quoted: string) => parseEnv(`NAME=${quoted}\n`)['NAME'],
  },
] as const

describe('quoting', () => {
  for (const { name, quote, read } of FORMATS) {
    it(`writes every hostile text into ${name} exactly, or refuses it`, () => {
      for (const text of HOSTILE_TEXTS) expect(roundTrip(text, quote, read)).to.be.oneOf([text, 'refused'])
    })

    it(`writes any text into ${name} on one line, exactly, or refuses it`, () => {
      fc.assert(
        fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (text) => {
          const single = (quoted: string): unknown => {
            expect(quoted).not.to.match(/[\r\n]/)
            return read(quoted)
          }
          expect(roundTrip(text, quote, single)).to.be.oneOf([text, 'refused'])
        }),
        { numRuns: 200 },
      )
    })
  }

  it('hands every hostile text to a real shell as one word, exactly, or refuses it', () => {
    const texts = HOSTILE_TEXTS.filter((text) => roundTrip(text, shellWord, () => text) !== 'refused')
    const script = `printf '%s\\0' ${texts.map(shellWord).join(' ')}`
    const words = execFileSync('/bin/sh', ['-c', script]).toString().split('\0').slice(0, -1)
    expect(words).to.deep.equal(texts)
  })

  it('refuses nothing but NUL and lone surrogates in redis.conf, YAML and Compose', () => {
    for (const quote of [redisWord, yamlText, composeText]) {
      for (const text of HOSTILE_TEXTS.filter((entry) => !/[\0\p{Cs}]/u.test(entry))) {
        expect(() => quote(text)).not.to.throw()
      }
    }
  })

  it('writes whole numbers and nothing else without quotes', () => {
    expect(wholeNumber(0)).to.equal('0')
    expect(wholeNumber(2 ** 40)).to.equal('1099511627776')
    for (const value of [-1, 1.5, Number.NaN, Infinity, 2 ** 60, '1', '1\nport 0', null, undefined, {}]) {
      expect(() => wholeNumber(value)).to.throw()
    }
  })

  it('refuses anything but the kind of value that a helper is for', () => {
    for (const [name, quote] of Object.entries(QUOTING)) {
      for (const value of [undefined, null, {}, [], Symbol('x')]) expect(() => quote(value), name).to.throw()
    }
  })
})
