import { expect } from 'chai'
import { describe, it } from 'mocha'
import { COMPLETE, expectProblems, problems, read } from '../../support/settings-cases.js'

const MODE = {
  ...COMPLETE,
  CACHE_READ_MODE: 'plaintext',
  CACHE_READ_MODE_UNTIL: '2030-03-01',
} as const
const NAME = 'CACHE_LEGACY_PREFIXES'

describe('prefixes of an earlier application @once', () => {
  it('are none by default, else what was written, in its order', () => {
    expect(read(MODE).cache.legacyPrefixes).to.deep.equal([])
    expect(read({ ...MODE, [NAME]: 'ai_cache:, enc:' }).cache.legacyPrefixes).to.deep.equal([
      'ai_cache:',
      'enc:',
    ])
  })

  for (const [title, text] of [
    ['an empty one', 'old:,'],
    ['white space', 'ol d:'],
    ['a glob character', 'old*:'],
    ['a parenthesis', '(old:'],
    ['a quote', '"old:'],
    ['an escape', String.raw`old\:`],
    ['what is no ASCII', 'é:'],
    ['no delimiter at its end', 'old'],
    ['an underscore at its end, which no audit takes for a delimiter', 'old_'],
    ['more bytes than 128', `${'x'.repeat(128)}:`],
    ['more than eight', 'a:,b:,c:,d:,e:,f:,g:,h:,i:'],
  ] as const) {
    it(`are refused with ${title}, without the text`, () => {
      const found = problems({ ...MODE, [NAME]: text })
      expectProblems(found, [[NAME, 'up to 8 texts separated by commas']])
      expect(found[0]?.message).to.not.include(text)
    })
  }

  it('are refused where a value would have two keys', () => {
    for (const text of ['enc:,enc:', 'a:,a:b:', 'a:b:,a:']) {
      expectProblems(problems({ ...MODE, [NAME]: text }), [[NAME, 'two keys']])
    }
  })

  it('are refused without a mode that reads them, and without encryption, which tells them apart', () => {
    expectProblems(problems({ ...COMPLETE, [NAME]: 'enc:' }), [[NAME, 'CACHE_READ_MODE is strict']])
    const { REDIS_ENCRYPTION_KEY: _key, ...keyless } = MODE
    expectProblems(problems({ ...keyless, CACHE_UNSAFE_NO_ENCRYPTION: 'true', [NAME]: 'enc:' }), [
      [NAME, 'contradicts CACHE_UNSAFE_NO_ENCRYPTION'],
    ])
  })

  it('are refused where they are names of this cache itself, or keys of another role', () => {
    for (const text of ['ai_cache::', 'ai_cache:@', 'ai_cache::a:']) {
      expectProblems(problems({ ...MODE, [NAME]: text.replace(/@$/, '@x:') }), [[NAME, 'of this cache']])
    }
    const sessions = { ...MODE, REDIS_EXTRA_ROLES: 'sessions', REDIS_SESSIONS_PREFIX: 'web:sessions:' }
    for (const text of ['web:', 'web:sessions:', 'web:sessions:old:']) {
      expectProblems(problems({ ...sessions, [NAME]: text }), [[NAME, 'of another role']])
    }
    expect(read({ ...MODE, [NAME]: 'web:' }).cache.legacyPrefixes).to.deep.equal(['web:'])
  })
})
