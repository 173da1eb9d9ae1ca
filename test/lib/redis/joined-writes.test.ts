import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { JoinedWrites } from '../../../lib/redis/joined-writes.js'

describe('JoinedWrites', () => {
  let received: Buffer[]
  let near: Socket
  let far: Promise<Socket>
  let writes: number
  let joined: JoinedWrites
  const server = createServer()

  beforeEach(async () => {
    received = []
    writes = 0
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    far = once(server, 'connection').then(([socket]) => socket as Socket)
    near = connect((server.address() as AddressInfo).port, '127.0.0.1')
    await once(near, 'connect')
    const write = near.write.bind(near) as (...given: unknown[]) => boolean
    near.write = (...given: unknown[]) => {
      writes += 1
      return write(...given)
    }
    joined = new JoinedWrites(near)
    ;(await far).on('data', (chunk: Buffer) => received.push(chunk))
  })
  afterEach(async () => {
    near.destroy()
    ;(await far).destroy()
    server.close()
    await once(server, 'close')
  })

  const ended = async () => {
    near.end()
    await once(await far, 'end')
    return Buffer.concat(received).toString()
  }

  it('lets the small writes of a tick leave as one, text and bytes in their order', async () => {
    for (let index = 0; index < 100; index += 1)
      near.write(index % 2 === 0 ? `${index},` : Buffer.from(`${index},`))
    await tick()
    expect(writes).to.equal(1)
    expect(await ended()).to.equal(Array.from({ length: 100 }, (_, index) => `${index},`).join(''))
  })

  it('lets eight operations leave before the tick ends once the server has answered', async () => {
    const letters = (count: number) => {
      for (let index = 0; index < count; index += 1) {
        near.write('x')
        joined.wrote(1)
      }
      return writes
    }
    expect(letters(7)).to.equal(0)
    expect(letters(1)).to.equal(1)
    expect(letters(40)).to.equal(1)
    await tick()
    expect(writes).to.equal(2)
    joined.heard()
    // What has left at the end of a tick does not count in the next one.
    expect(letters(7)).to.equal(2)
    expect(letters(1)).to.equal(3)
    joined.heard()
    near.write('one')
    joined.wrote(20)
    expect(writes).to.equal(4)
    expect(await ended()).to.equal(`${'x'.repeat(56)}one`)
  })

  it('hands large chunks on uncopied, in one call of the socket with what stands around them', async () => {
    let corks = 0
    const cork = near.cork.bind(near)
    near.cork = () => {
      corks += 1
      cork()
    }
    for (const piece of ['a', Buffer.alloc(10_000, 'b'), 'é', Buffer.from('c')]) near.write(piece)
    await tick()
    expect(corks).to.equal(1)
    expect(writes).to.equal(3)
    expect(await ended()).to.equal(`a${'b'.repeat(10_000)}éc`)
  })

  it('does not let a large chunk, a callback, an encoding or the end overtake', async () => {
    near.write('a')
    near.write(Buffer.alloc(20_000, 'b'))
    near.write('c')
    await new Promise<void>((resolve) => near.write('d', () => resolve()))
    near.write('e')
    near.write('Zg==', 'base64')
    near.write('g')
    expect(await ended()).to.equal(`a${'b'.repeat(20_000)}cdefg`)
  })

  it('passes back-pressure on', async () => {
    ;(await far).pause()
    let free = true
    for (let index = 0; index < 5000 && free; index += 1) free = near.write(Buffer.alloc(16_000))
    expect(free).to.equal(false)
  })

  it('drops what is gathered when the socket is destroyed', async () => {
    near.write('a')
    near.destroy()
    await tick()
    expect(writes).to.equal(0)
  })

  it('never changes the order of bytes, however they are written', async () => {
    const chunk = fc.oneof(
      fc.record({
        size: fc.integer({ min: 1, max: 40_000 }),
        how: fc.constantFrom('bytes', 'text', 'callback'),
      }),
      fc.constant('tick' as const),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 40 }), async (script) => {
        received.length = 0
        let wanted = ''
        let letter = 0
        for (const step of script) {
          if (step === 'tick') await tick()
          else {
            const text = String.fromCharCode(97 + (letter++ % 26)).repeat(step.size)
            wanted += text
            if (step.how === 'text') near.write(text)
            else if (step.how === 'bytes') near.write(Buffer.from(text))
            else near.write(text, () => undefined)
          }
        }
        while (Buffer.concat(received).length < wanted.length) await new Promise(setImmediate)
        expect(Buffer.concat(received).toString() === wanted).to.equal(true)
      }),
      { numRuns: 30 },
    )
  })
})

function tick(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve)
  })
}
