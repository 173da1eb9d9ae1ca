import { inspect } from 'node:util'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { Secret } from '../../../lib/settings/secret.js'

const CANARY = 'c4naryV4lue'

describe('Secret', () => {
  const secret = new Secret(CANARY)

  it('gives its text to whoever asks for it by name', () => {
    expect(secret.reveal()).to.equal(CANARY)
  })

  for (const [way, look] of [
    ['text', () => String(secret)],
    ['joining', () => ['x', secret].join()],
    ['JSON', () => JSON.stringify({ secret })],
    ['inspect', () => inspect(secret, { depth: null, showHidden: true, getters: true })],
    ['inspect of its holder', () => inspect({ deep: { list: [secret] } }, { depth: null, showHidden: true })],
    ['a copy of its properties', () => JSON.stringify(Object.assign({}, secret))],
    ['its entries', () => JSON.stringify([Object.entries(secret), Reflect.ownKeys(secret).map(String)])],
    ['a structured clone', () => inspect(structuredClone(secret), { showHidden: true })],
    ['an error about it', () => new Error(`${String(secret)} is wrong`).stack ?? ''],
  ] as const) {
    it(`shows nothing by ${way}`, () => expect(look()).to.not.include(CANARY))
  }

  it('cannot be changed, nor its methods on the one object', () => {
    expect(Object.isFrozen(secret)).to.equal(true)
    expect(() => Object.assign(secret, { toString: () => 'x' })).to.throw(TypeError)
  })
})
