import { Duplex } from 'node:stream'
import { inspect } from 'node:util'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { Command } from 'ioredis'
import { describe, it } from 'mocha'
import { LeanCommand, type Part } from '../../../lib/redis/lean-command.js'

const SINK = { replied: () => undefined, failed: () => undefined }

function socketInto(written: unknown[]): Duplex {
  const socket = new Duplex()
  socket.write = (piece: unknown) => {
    written.push(piece)
    return true
  }
  return socket
}

/** What the socket gets of it, all in all. */
function bytesOf(name: string, parts: readonly Part[]): Buffer {
  const written: unknown[] = []
  written.push(new LeanCommand(name, parts, SINK).toWritable(socketInto(written)))
  return Buffer.concat(written.map((piece) => Buffer.from(piece as string)))
}

describe('LeanCommand', () => {
  it('writes the bytes that ioredis writes, for text and bytes of every kind', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    )
    fc.assert(
      fc.property(
        fc.constantFrom('get', 'set', 'unlink'),
        fc.array(part, { minLength: 1, maxLength: 8 }),
        (name, parts) => {
          const theirs = Buffer.from(new Command(name, parts).toWritable({}))
          expect(bytesOf(name, parts).equals(theirs)).to.equal(true)
        },
      ),
    )
  })

  it('hands its pieces to the socket in their order, and a value as it is', () => {
    const written: unknown[] = []
    const value = Buffer.alloc(10_000, 'v')
    const parts = ['é', value, 'PX', '1']
    const last = new LeanCommand('set', parts, SINK).toWritable(socketInto(written))
    expect(written[1]).to.equal(value)
    const all = [...written, last].map((piece) => Buffer.from(piece as string))
    expect(Buffer.concat(all).equals(bytesOf('set', parts))).to.equal(true)
  })

  it('answers to its sink, once for each reply, without a promise that could be unhandled', async () => {
    const seen: unknown[] = []
    const sink = {
      replied: (reply: unknown) => seen.push(reply),
      failed: (error: unknown) => seen.push(error),
    }
    const error = new Error('x')
    new LeanCommand('get', ['key'], sink).resolve(Buffer.from('value'))
    new LeanCommand('get', ['key'], sink).reject(error)
    await new Promise(setImmediate)
    expect(seen).to.deep.equal([Buffer.from('value'), error])
  })

  it('shows neither key nor value', () => {
    const sink = { replied: () => undefined, failed: () => undefined }
    const command = new LeanCommand('set', ['planted-key', Buffer.from('planted')], sink)
    expect(inspect(command, { depth: 9, showHidden: true }) + JSON.stringify(command.args)).not.to.include(
      'planted',
    )
  })
})
