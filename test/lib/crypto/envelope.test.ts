import { expect } from 'chai'
import { describe, it } from 'mocha'
import { OpenError } from '../../../lib/errors.js'
import { envelope } from './support.js'

function reasonOf(open: () => unknown): string {
  try {
    open()
  } catch (error) {
    if (error instanceof OpenError) return error.reason
    throw error
  }
  return 'opened'
}

describe('the envelope', () => {
  const payload = Buffer.from('{"total":42}')
  const options = { codec: 'json', lifetimeSeconds: 60 } as const

  it('opens what it sealed', () => {
    const namespace = envelope().namespace('app:', 'users')
    const opened = namespace.open('42', namespace.seal('42', payload, options))
    expect(opened.payload.toString()).to.equal('{"total":42}')
    expect(opened).to.include({ codec: 'json', lifetimeSeconds: 60, issuedAt: 1_750_000_000, skewSeconds: 0 })
  })

  it('adds 67 bytes', () => {
    expect(envelope().namespace('app:', '').seal('k', payload, options)).to.have.length(payload.length + 67)
  })

  it('refuses a value of another key or namespace', () => {
    const sealed = envelope().namespace('app:', 'users').seal('42', payload, options)
    for (const [prefix, name, key] of [
      ['app:', 'users', '43'],
      ['app:', 'user', '42'],
      ['app', 'users', '42'],
    ] as const) {
      const other = envelope().namespace(prefix, name)
      expect(reasonOf(() => other.open(key, sealed))).to.equal('tag')
    }
  })
})
