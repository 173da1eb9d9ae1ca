import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'

import { foreignText } from '../../lib/foreign-text.js'
import { createRedactor } from '../../lib/redact.js'
import { Secret } from '../../lib/settings/secret.js'

describe('text that someone else wrote', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['an ordinary name as it is', 'cache_service', 'cache_service'],
    ['other scripts as they are', 'käse 缓存', 'käse 缓存'],
    ['line ends on one line', 'a\r\nERROR forged line', 'a\\u{d}\\u{a}ERROR forged line'],
    ['terminal escape codes visibly', '\u001B[2Jgone', '\\u{1b}[2Jgone'],
    ['NUL visibly', 'a\0b', 'a\\u{0}b'],
    ['a reversed reading direction visibly', 'a\u202Eb', 'a\\u{202e}b'],
    ['invisible characters visibly', 'a\u200Bb\uFEFF', 'a\\u{200b}b\\u{feff}'],
    ['a lone surrogate visibly', 'a\uD800b', 'a\\u{d800}b'],
  ]
  for (const [what, given, expected] of cases) {
    it(`shows ${what}`, () => {
      expect(foreignText(given)).to.equal(expected)
    })
  }

  it('cuts what is long, and says how long it was', () => {
    expect(foreignText('x'.repeat(16_384))).to.equal(`${'x'.repeat(64)}… (16384 characters)`)
  })

  it('hides a secret that somebody typed, also where the cut would halve it', () => {
    const { hide } = createRedactor([new Secret('planted-password-0123456789')])
    const text = `${'x'.repeat(50)}planted-password-0123456789 and more`
    expect(foreignText(text, { hide })).to.equal(`${'x'.repeat(50)}[secret] and m… (86 characters)`)
  })

  it('never holds a character that acts, whatever comes in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        const shown = foreignText(text)
        expect(/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u.test(shown)).to.equal(true)
        expect(shown.length).to.be.below(64 * 10 + 30)
      }),
    )
  })
})
