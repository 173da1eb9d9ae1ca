import { Duplex } from 'node:stream'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { LeanCommand } from '../../../lib/redis/lean-command.js'
import {
  countReader,
  isValue,
  readAdded,
  readFlag,
  readOk,
  readTtl,
  UNEXPECTED,
} from '../../../lib/redis/replies.js'
import { ReplyFence } from '../../../lib/redis/reply-fence.js'

const STRANGE = [null, undefined, 'OK', Buffer.from('NO'), -3, 1.5, 2n, [], {}, new Error('x'), true]

describe('replies', () => {
  const readers = {
    SET: { read: readOk, right: [[Buffer.from('OK'), undefined]], wrong: [1, ...STRANGE] },
    'SET NX': {
      read: readAdded,
      right: [
        [Buffer.from('OK'), true],
        [null, false],
      ],
      wrong: [1, ...STRANGE.filter((reply) => reply !== null)],
    },
    PEXPIRE: {
      read: readFlag,
      right: [
        [0, false],
        [1, true],
      ],
      wrong: [2, -1, ...STRANGE],
    },
    PTTL: {
      read: readTtl,
      right: [
        [-2, undefined],
        [-1, null],
        [0, 0],
        [5000, 5000],
      ],
      wrong: STRANGE,
    },
    'UNLINK of three': {
      read: countReader(3),
      right: [
        [0, 0],
        [3, 3],
      ],
      wrong: [4, -1, ...STRANGE],
    },
  } as const
  for (const [command, { read, right, wrong }] of Object.entries(readers)) {
    it(`of ${command} are read, and told from those of other commands`, () => {
      for (const [reply, value] of right) expect(read(reply)).to.equal(value)
      for (const reply of wrong) expect(read(reply), typeof reply).to.equal(UNEXPECTED)
    })
  }
})

describe('ReplyFence', () => {
  const setUp = () => {
    const sent: LeanCommand[] = []
    let outOfStep = 0
    const fence = new ReplyFence({ send: (command) => sent.push(command), outOfStep: () => (outOfStep += 1) })
    const tokenOf = (command: LeanCommand | undefined) =>
      /fence:\S+/.exec(command?.toWritable(new Duplex()) ?? '')?.[0] ?? ''
    return { sent, fence, tokenOf, seen: () => outOfStep }
  }

  it('is content when its own token comes back, and sends one at a time', () => {
    const { sent, fence, tokenOf, seen } = setUp()
    fence.check()
    fence.check()
    expect(sent).to.have.length(1)
    sent[0]?.resolve(Buffer.from(tokenOf(sent[0])))
    fence.check()
    expect(tokenOf(sent[1])).not.to.equal(tokenOf(sent[0]))
    // A reply too late: the token of the one before.
    sent[1]?.resolve(Buffer.from(tokenOf(sent[0])))
    expect(seen()).to.equal(1)
  })

  it('takes any other reply for a proof, and an error for none', () => {
    for (const reply of ['PONG', Buffer.from('PONG'), null, 1, []]) {
      const { sent, fence, seen } = setUp()
      fence.check()
      sent[0]?.resolve(reply)
      expect(seen()).to.equal(1)
    }
    const { sent, fence, seen } = setUp()
    fence.check()
    sent[0]?.reject(new Error('MISCONF'))
    fence.check()
    expect([seen(), sent.length]).to.deep.equal([0, 2])
  })

  it('makes a token recognised where a value is expected', () => {
    const { sent, fence, tokenOf } = setUp()
    fence.check()
    expect(isValue(Buffer.from(tokenOf(sent[0])))).to.equal(false)
    expect(
      [null, Buffer.alloc(0), Buffer.from('fence:'), Buffer.alloc(60, 'fence:')].every(isValue),
    ).to.equal(true)
  })
})
