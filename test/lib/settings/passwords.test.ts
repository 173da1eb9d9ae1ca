import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { isPublished, passwordWeakness } from '../../../lib/settings/passwords.js'

describe('passwordWeakness', () => {
  it('finds nothing in passwords drawn at random', () => {
    for (let round = 0; round < 500; round++) {
      expect(passwordWeakness(randomBytes(24).toString('hex'))).to.equal(undefined)
      expect(passwordWeakness(randomBytes(12).toString('base64url'))).to.equal(undefined)
      expect(passwordWeakness(randomBytes(24).toString('base64'))).to.equal(undefined)
    }
  })

  for (const [password, weakness] of [
    ['', 'at least 16 characters, got 0'],
    ['fifteen-chars-x', 'at least 16 characters, got 15'],
    // Fifteen characters, although twice as many code units.
    ['🦊🐍🐢🦉🐙🦀🐝🐞🦋🐌🐛🦂🐜🦗🐧', 'at least 16 characters, got 15'],
    ['your-secure-password-here', 'published'],
    ['Your_Strong_Redis_Password_2024!', 'published'],
    ['CHANGE-ME-IN-PRODUCTION', 'published'],
    ['eYVX7EwVmmxKPCDmwMtyKVge8oLd2t81', 'published'],
    ['passwordpassword', 'published'],
    ['aaaaaaaaaaaaaaaa', 'pattern'],
    ['abcabcabcabcabcabc', 'pattern'],
    ['hunter2!hunter2!', 'pattern'],
    ['0123456789012345', 'pattern'],
    ['abcdefghijklmnopqrst', 'pattern'],
    ['0123456789abcdef', 'pattern'],
    ['zyxwvutsrqponmlkjih', 'pattern'],
  ] as const) {
    it(`finds ${JSON.stringify(password)} weak: ${weakness}`, () => {
      expect(passwordWeakness(password)).to.include(weakness)
      if (password.length > 3) expect(passwordWeakness(password)).to.not.include(password)
    })
  }

  it('accepts a sentence of random words', () => {
    expect(passwordWeakness('velvet-otter-granite-lamp')).to.equal(undefined)
  })
})

describe('isPublished', () => {
  it('knows short defaults too, for the warning in development mode', () => {
    for (const password of ['foobared', 'redis', 'Password123', 'changeme', 'admin']) {
      expect(isPublished(password), password).to.equal(true)
    }
  })
})
