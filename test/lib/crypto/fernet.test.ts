import { createSecretKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import { openFernet } from '../../../lib/crypto/fernet.js'
import { KeyRing } from '../../../lib/crypto/key-ring.js'
import { encryption, reasonOf } from './support.js'

interface Token {
  readonly name: string
  readonly keys: readonly string[]
  readonly now: number
  readonly token: string
}

interface Vectors {
  readonly values: readonly (Token & { readonly payload: string; readonly issuedAt: number })[]
  readonly refused: readonly (Token & { readonly reason: string })[]
}

/** From dist/test/lib/crypto to the sources, which alone hold the frozen files. */
const vectors = JSON.parse(
  readFileSync(new URL('../../../../test/vectors/fernet.json', import.meta.url), 'utf8'),
) as Vectors

function open({ token, keys, now }: Token) {
  const secrets = keys.map((key) => createSecretKey(Buffer.from(key, 'base64url')))
  return openFernet(token, secrets, now)
}

describe("a Fernet token of Python's cryptography", () => {
  for (const value of vectors.values) {
    it(`opens: ${value.name}`, () => {
      const { payload, issuedAt } = open(value)
      expect({ payload: payload.toString('hex'), issuedAt }).to.deep.equal({
        payload: value.payload,
        issuedAt: value.issuedAt,
      })
    })
  }

  for (const value of vectors.refused) {
    it(`is refused as ${value.reason}: ${value.name}`, () => {
      expect(reasonOf(() => open(value))).to.equal(value.reason)
    })
  }

  const example = vectors.values[1]
  if (example === undefined) throw new Error('the file of vectors is empty')

  it('opens from its bytes and with the keys of a ring', () => {
    const ring = KeyRing.create(encryption(example.keys[0] ?? '', example.keys[1] ?? ''))
    const { payload } = openFernet(Buffer.from(example.token), ring.masters, example.now)
    expect(payload.toString()).to.equal('{"message":"hello"}')
  })

  it('is refused with any character replaced, left out or doubled', () => {
    const { token } = example
    for (let at = 0; at < token.length; at++) {
      const rest = token.slice(at + 1)
      const wrong = Array.from('Ab-_=+/ \u0000é', (character) => token.slice(0, at) + character + rest)
      wrong.push(token.slice(0, at) + rest, token.slice(0, at + 1) + token.slice(at))
      for (const other of wrong) {
        if (other === token) continue
        expect(['format', 'tag'], `character ${at}`).to.include(
          reasonOf(() => open({ ...example, token: other })),
        )
      }
    }
  })

  it('is refused under a clock that has no time', () => {
    expect(reasonOf(() => open({ ...example, now: Number.NaN }))).to.equal('expired')
  })

  it('is none of any bytes, which fail in no other way', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = Buffer.from([0x80, ...bytes]).toString('base64url')
        const padded = text + '='.repeat((4 - (text.length % 4)) % 4)
        return [bytes, text, padded].every((token) => {
          return ['format', 'tag'].includes(reasonOf(() => openFernet(token, [], 0)))
        })
      }),
    )
  })
})
