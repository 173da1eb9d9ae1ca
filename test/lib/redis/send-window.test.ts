import { expect } from 'chai'
import { describe, it } from 'mocha'
import { CacheError } from '../../../lib/errors.js'
import type { LeanCommand } from '../../../lib/redis/lean-command.js'
import type { Sendable } from '../../../lib/redis/send-window.js'
import { SendWindow } from '../../../lib/redis/send-window.js'

class Item implements Sendable {
  readonly name = 'get'
  readonly parts = ['key']
  readonly operations = 1
  readonly cost: number
  settled = false
  outcome = 'waiting'

  constructor(cost: number) {
    this.cost = cost
  }

  replied(): void {
    this.outcome = 'replied'
  }

  failed(): void {
    this.outcome = 'failed'
  }
}

function open(limits: { maxCost?: number; maxCommands?: number } = {}) {
  const sent: LeanCommand[] = []
  const { maxCost = 100, maxCommands = 3 } = limits
  const window = new SendWindow({ maxCost, maxCommands, send: (command) => sent.push(command) })
  const offer = (...costs: number[]) =>
    costs.map((cost) => {
      const item = new Item(cost)
      window.offer(item)
      return item
    })
  return { window, sent, offer }
}

describe('SendWindow', () => {
  it('sends nothing before it is opened, then everything that has room', () => {
    const { window, sent, offer } = open()
    offer(60, 30, 30)
    expect(sent).to.have.length(0)
    window.open()
    expect(sent).to.have.length(2)
  })

  it('lets the next go when a reply has made room, in the order of their arrival', () => {
    const { window, sent, offer } = open()
    window.open()
    const [first, , third, fourth] = offer(60, 30, 50, 1)
    expect(sent).to.have.length(2)
    sent[0]?.resolve('x')
    expect([first?.outcome, sent.length]).to.deep.equal(['replied', 4])
    sent[2]?.reject(new Error('x'))
    expect([third?.outcome, fourth?.outcome]).to.deep.equal(['failed', 'waiting'])
  })

  it('counts commands as well as bytes', () => {
    const { window, sent, offer } = open({ maxCommands: 2 })
    window.open()
    offer(0, 0, 0)
    expect(sent).to.have.length(2)
  })

  it('lets a command above the limit travel alone', () => {
    const { window, sent, offer } = open()
    window.open()
    offer(500, 1)
    expect(sent).to.have.length(1)
    sent[0]?.resolve('x')
    expect(sent).to.have.length(2)
  })

  it('does not send what nobody waits for any more', () => {
    const { window, sent, offer } = open()
    window.open()
    const [, second] = offer(100, 10, 20)
    if (second !== undefined) second.settled = true
    sent[0]?.resolve('x')
    expect(sent).to.have.length(2)
    expect(second?.outcome).to.equal('waiting')
  })

  it('fails what waits and leaves what travels to its reply', () => {
    const { window, sent, offer } = open()
    window.open()
    const [first, second] = offer(100, 100)
    window.shut()
    window.failWaiting(new CacheError('ERR_CACHE_UNAVAILABLE', 'away'))
    expect([first?.outcome, second?.outcome]).to.deep.equal(['waiting', 'failed'])
    sent[0]?.resolve('x')
    offer(1)
    expect(sent).to.have.length(1)
    window.open()
    expect(sent).to.have.length(2)
  })

  it('survives a connection that refuses each command at once', () => {
    let refused = 0
    const window = new SendWindow({
      maxCost: 100,
      maxCommands: 1,
      send: (command) => {
        refused += 1
        command.reject(new Error('not writable'))
      },
    })
    const items = Array.from({ length: 5000 }, () => new Item(10))
    for (const item of items) window.offer(item)
    window.open()
    expect(refused).to.equal(5000)
    expect(items.every(({ outcome }) => outcome === 'failed')).to.equal(true)
  })
})
