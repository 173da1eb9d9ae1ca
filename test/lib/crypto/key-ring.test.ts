import { pbkdf2Sync } from 'node:crypto'
import { inspect } from 'node:util'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { KeyRing, type KeyRingWarning } from '../../../lib/crypto/key-ring.js'
import { CacheError } from '../../../lib/errors.js'
import { Secret } from '../../../lib/settings/secret.js'
import type { EncryptionSettings } from '../../../lib/settings/settings.js'
import { encryption, errorOf, keyText } from './support.js'

const PASSPHRASE = 'correct horse battery staple'
const SALT = Buffer.alloc(16, 5)
const DERIVED = `pbkdf2-sha256:i=10000:salt=${SALT.toString('base64')}`
const DERIVED_KEY = pbkdf2Sync(PASSPHRASE, SALT, 10_000, 32, 'sha256').toString('hex')

function withPassphrase(...keys: [string, ...string[]]): EncryptionSettings {
  return { ...encryption(...keys), passphrase: new Secret(PASSPHRASE) }
}

function idOf(key: string): string {
  return KeyRing.create(encryption(key)).primaryId
}

async function rejectionOf(promise: Promise<unknown>): Promise<CacheError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).to.be.instanceOf(CacheError)
  return error as CacheError
}

describe('the key ring', () => {
  it('is ready at once where the keys are given as bytes', () => {
    const ring = KeyRing.create(encryption(keyText(1), keyText(2), keyText(3)))
    expect(ring.isReady).to.equal(true)
    expect(ring.primaryId).to.match(/^[0-9a-f]{32}$/)
    expect(ring.acceptedIds).to.deep.equal([idOf(keyText(2)), idOf(keyText(3))])
  })

  it('finds a key by its id, and nothing by another', () => {
    const ring = KeyRing.create(encryption(keyText(1), keyText(2)))
    for (const number of [1, 2]) {
      const id = Buffer.from(idOf(keyText(number)), 'hex')
      expect(ring.find(id, 0)?.id).to.equal(id.toString('hex'))
    }
    expect(ring.find(Buffer.from(idOf(keyText(3)), 'hex'), 0)).to.equal(undefined)
  })

  it('keeps a key that is given twice once, with a warning that names no key', () => {
    const warnings: KeyRingWarning[] = []
    const key = Buffer.alloc(32, 2)
    const ring = KeyRing.create(encryption(keyText(1), keyText(2), key.toString('base64'), keyText(1)), {
      onWarning: (warning) => warnings.push(warning),
    })
    expect(ring.acceptedIds).to.deep.equal([idOf(keyText(2))])
    expect(warnings.map(({ kind }) => kind)).to.deep.equal(['duplicate_key'])
    expect(JSON.stringify(warnings))
      .not.to.include(keyText(2).slice(0, 8))
      .and.not.include(idOf(keyText(2)))
  })

  it('is not disturbed by a hook that throws', async () => {
    const ring = KeyRing.create(encryption(keyText(1), keyText(1)), {
      onWarning: () => {
        throw new Error('the log is full')
      },
    })
    await ring.ready
    expect(ring.isReady).to.equal(true)
  })

  it('takes 16 keys and refuses 17', () => {
    const keys = (count: number) =>
      encryption(keyText(0), ...Array.from({ length: count - 1 }, (_, i) => keyText(i + 1)))
    expect(KeyRing.create(keys(16)).acceptedIds).to.have.length(15)
    const error = errorOf(() => KeyRing.create(keys(17)))
    expect(error.code).to.equal('ERR_KEY_FORMAT')
    expect(error.message).to.equal('REDIS_ENCRYPTION_ACCEPTED_KEYS must have at most 15 keys, got 16')
  })

  it('names the variable and the number of a key that it cannot read', () => {
    const primary = errorOf(() => KeyRing.create(encryption('too short')))
    expect(primary.message).to.match(/^REDIS_ENCRYPTION_KEY must be/)
    const accepted = errorOf(() => KeyRing.create(encryption(keyText(1), keyText(2), 'too short')))
    expect(accepted.message).to.match(/^REDIS_ENCRYPTION_ACCEPTED_KEYS \(number 2\) must be/)
    expect(accepted.message).not.to.include('too short')
  })

  it('asks for a key where there is none', () => {
    const error = errorOf(() => KeyRing.create({ enabled: true, acceptedKeys: [] }))
    expect(error.message).to.include('REDIS_ENCRYPTION_KEY')
  })

  it('shows no key when it is looked at', () => {
    const ring = KeyRing.create(encryption(keyText(0xab)))
    const shown = [inspect(ring, { depth: 9, showHidden: true }), inspect(ring.primary, { depth: 9 })]
    const bytes = inspect(Buffer.alloc(8, 0xab)).slice(8, -1)
    for (const text of [...shown, JSON.stringify(ring), JSON.stringify(ring.primary)]) {
      expect(text).not.to.include('abab').and.not.include(bytes)
    }
  })
})

describe('the key ring with a passphrase', () => {
  it('derives its keys before it is ready, the same as PBKDF2 gives', async () => {
    const ring = KeyRing.create(withPassphrase(DERIVED, keyText(2)))
    expect(ring.isReady).to.equal(false)
    expect(ring.primary).to.equal(undefined)
    expect(ring.primaryId).to.equal('')
    await ring.ready
    expect(ring.isReady).to.equal(true)
    expect(ring.primaryId).to.equal(idOf(DERIVED_KEY))
    expect(ring.acceptedIds).to.deep.equal([idOf(keyText(2))])
  })

  it('seals and opens meanwhile with the keys that are there', () => {
    const ring = KeyRing.create(withPassphrase(keyText(1), DERIVED, keyText(3)))
    expect(ring.primaryId).to.equal(idOf(keyText(1)))
    expect(ring.acceptedIds).to.deep.equal([idOf(keyText(3))])
  })

  it('never seals with an accepted key while the primary one is derived', () => {
    expect(KeyRing.create(withPassphrase(DERIVED, keyText(3))).primary).to.equal(undefined)
  })

  it('notices that a derived key is given as bytes too', async () => {
    const warnings: KeyRingWarning[] = []
    const ring = KeyRing.create(withPassphrase(DERIVED, DERIVED_KEY), {
      onWarning: (warning) => warnings.push(warning),
    })
    await ring.ready
    expect(ring.acceptedIds).to.deep.equal([])
    expect(warnings).to.have.length(1)
  })

  it('asks for the passphrase where it is missing or empty', () => {
    for (const passphrase of [undefined, new Secret('')]) {
      const error = errorOf(() => KeyRing.create({ ...encryption(DERIVED), passphrase }))
      expect(error.code).to.equal('ERR_KEY_FORMAT')
      expect(error.message).to.include('REDIS_ENCRYPTION_PASSPHRASE')
    }
  })
})

describe('replacing the keys of a ring', () => {
  it('takes effect before the call returns where nothing has to be derived', async () => {
    const ring = KeyRing.create(encryption(keyText(1)))
    const replaced = ring.replace(encryption(keyText(2), keyText(1)))
    expect(ring.primaryId).to.equal(idOf(keyText(2)))
    expect(ring.acceptedIds).to.deep.equal([idOf(keyText(1))])
    await replaced
  })

  it('keeps the present keys until the new ones are derived', async () => {
    const ring = KeyRing.create(encryption(keyText(1)))
    const replaced = ring.replace(withPassphrase(DERIVED))
    expect(ring.primaryId).to.equal(idOf(keyText(1)))
    expect(ring.isReady).to.equal(true)
    await replaced
    expect(ring.primaryId).to.equal(idOf(DERIVED_KEY))
  })

  it('ends with what was given last, even if something earlier takes longer', async () => {
    const ring = KeyRing.create(withPassphrase(DERIVED))
    const slow = ring.replace(withPassphrase(`pbkdf2-sha256:i=200000:salt=${SALT.toString('base64')}`))
    const last = ring.replace(encryption(keyText(3)))
    expect(ring.primaryId).to.equal(idOf(keyText(3)))
    await Promise.all([slow, last, ring.ready])
    expect(ring.primaryId).to.equal(idOf(keyText(3)))
  })

  it('changes nothing where the new settings are refused', async () => {
    const ring = KeyRing.create(encryption(keyText(1)))
    const error = await rejectionOf(ring.replace(encryption('not a key')))
    expect(error.code).to.equal('ERR_KEY_FORMAT')
    expect(ring.primaryId).to.equal(idOf(keyText(1)))
  })

  it('keeps what it derived under a key that stays', async () => {
    const ring = KeyRing.create(encryption(keyText(1)))
    const sealingKey = ring.primary?.sealingKey('app:\0')
    await ring.replace(encryption(keyText(2), keyText(1)))
    await ring.replace(encryption(keyText(1)))
    expect(ring.primary?.sealingKey('app:\0')).to.equal(sealingKey)
  })

  it('no longer finds a key that was dropped', async () => {
    const ring = KeyRing.create(encryption(keyText(1)))
    const id = Buffer.from(ring.primaryId, 'hex')
    await ring.replace(encryption(keyText(2)))
    expect(ring.find(id, 0)).to.equal(undefined)
  })
})
