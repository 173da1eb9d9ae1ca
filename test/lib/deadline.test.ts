import { performance } from 'node:perf_hooks'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { Deadline, Timed } from '../../lib/deadline.js'
import { until } from '../support/until.js'

class Item extends Timed {
  readonly began = performance.now()
  afterMs: number | undefined

  override expire(): void {
    this.afterMs = performance.now() - this.began
  }
}

describe('Deadline', () => {
  it('expires what is left, in its order, soon after its time', async () => {
    const deadline = new Deadline({ timeoutMs: 60 })
    const items = Array.from({ length: 5 }, () => new Item())
    for (const item of items) deadline.add(item)
    await until('all have expired', () => items.every(({ afterMs }) => afterMs !== undefined))
    for (const { afterMs = 0 } of items) expect(afterMs).to.be.within(55, 200)
  })

  it('never expires what has ended, wherever it stood', async () => {
    const deadline = new Deadline({ timeoutMs: 30 })
    const items = Array.from({ length: 5 }, () => new Item())
    for (const item of items) deadline.add(item)
    for (const index of [0, 2, 4]) deadline.remove(items[index] as Item)
    deadline.remove(items[2] as Item)
    await until('the others have expired', () => items[3]?.afterMs !== undefined)
    expect(items.map(({ afterMs }) => afterMs !== undefined)).to.deep.equal([false, true, false, true, false])
  })

  it('does not count a pause of the event loop', async () => {
    const deadline = new Deadline({ timeoutMs: 100 })
    const item = new Item()
    deadline.add(item)
    block(500)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(item.afterMs, 'a pause of five times its time').to.equal(undefined)
    await until('it has expired', () => item.afterMs !== undefined)
    expect(item.afterMs).to.be.within(550, 800)
  })

  it('lets replies drain before it expires what is left', async () => {
    let bytes = 0
    const deadline = new Deadline({ timeoutMs: 30, progress: () => bytes })
    const item = new Item()
    deadline.add(item)
    // Bytes keep coming at each turn of the loop, and the reply with the fifth of them.
    const arrive = () => {
      bytes += 1
      if (deadline.clock < 30) setImmediate(arrive)
      else if (bytes < 1e9) {
        bytes = 1e9
        setImmediate(() => deadline.remove(item))
      }
    }
    setImmediate(arrive)
    await until('it was removed', () => bytes === 1e9)
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(item.afterMs).to.equal(undefined)
  })

  it('stands still while nothing is pending, and goes on for whoever watches', async () => {
    let looks = 0
    const deadline = new Deadline({ timeoutMs: 20, onTick: () => (looks += 1) < 5 })
    const item = new Item()
    deadline.add(item)
    deadline.remove(item)
    await until('it was watched', () => looks === 5)
    const { clock } = deadline
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(deadline.clock).to.equal(clock)
  })

  it('does not keep a process alive', () => {
    // Only timers that keep it alive are listed; others of the process, such as mocha's own, stay the same.
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const before = timers()
    const deadline = new Deadline({ timeoutMs: 20 })
    deadline.add(new Item())
    expect(timers()).to.equal(before)
    deadline.stop()
  })
})

function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}
