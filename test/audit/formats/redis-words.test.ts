import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { after, before, describe, it } from 'mocha'
import { splitWords } from '../../../lib/audit/formats/redis-words.js'
import { startRedis, type RunningRedis } from '../../support/redis-server.js'

const valuesOf = (line: string): readonly string[] | undefined => {
  const split = splitWords(line)
  return split.ok ? split.words.map(({ value }) => value) : undefined
}

describe('the words of a configuration line', () => {
  let redis: RunningRedis

  before(async () => {
    redis = await startRedis({ transport: 'unix', access: 'none' })
  })
  after(() => redis.stop())

  /** Inline commands are cut by the same function of the server: what RPUSH was given is what it read. */
  async function wordsOfServer(line: string): Promise<readonly string[] | undefined> {
    const admin = redis.admin()
    await admin.del('words')
    const socket: Socket = createConnection(redis.socketPath ?? '')
    await once(socket, 'connect')
    socket.write(`RPUSH words first ${line}\r\n`)
    const [reply] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    if (reply.toString().startsWith('-')) return undefined
    return (await admin.lrangeBuffer('words', 1, -1)).map((word) => word.toString('utf8'))
  }

  it('are what the server makes of them @once', async () => {
    const character = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom('a', 'Z', '0', '#', '$', ' ', '\t', '\\', '"', "'", 'x', 'n', 'é', '世'),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom('\\x41', '\\xc3\\xa9', '\\n', '\v', '\f', '" ', "' ", '\\"', "\\'"),
      },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(character, { maxLength: 14 }).map((parts) => parts.join('')),
        async (line) => {
          expect(valuesOf(line)).to.deep.equal(await wordsOfServer(line))
        },
      ),
      { numRuns: 400 },
    )
  })

  it('know their column, also behind characters of several bytes', () => {
    const split = splitWords('é世 "b c"  d')
    expect(split.ok && split.words.map(({ index, quoted }) => [index, quoted])).to.deep.equal([
      [0, false],
      [3, true],
      [10, false],
    ])
  })

  it('say where a quote is never closed, and where one is glued to the next word', () => {
    expect(splitWords('a "b')).to.deep.equal({ ok: false, index: 2, reason: 'unterminated' })
    expect(splitWords('a "b"c')).to.deep.equal({ ok: false, index: 4, reason: 'closing-quote' })
  })

  it('end at a NUL byte, as a C string does', () => {
    expect(valuesOf('a b\0c d')).to.deep.equal(['a', 'b'])
  })
})
