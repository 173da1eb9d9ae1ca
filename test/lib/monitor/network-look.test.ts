import { expect } from 'chai'
import { describe, it } from 'mocha'

import { NetworkLook } from '../../../lib/monitor/network-look.js'
import type { NetworkLookOptions } from '../../../lib/monitor/network-look.js'

const MINUTE = 60_000

describe('the look at the network', () => {
  function setUp(options: Partial<NetworkLookOptions> = {}) {
    const clock = { now: 0 }
    const asked: number[] = []
    const network = new NetworkLook({
      address: () => ({ host: '127.0.0.1', port: 6380 }),
      live: () => ({ remoteAddress: '127.0.0.1', overTls: true }),
      tcpPort: () => Promise.resolve(undefined),
      answersPlaintext: (_host, port) => {
        asked.push(port)
        return Promise.resolve(false)
      },
      now: () => clock.now,
      ...options,
    })
    return { network, asked, clock }
  }

  it('tells every address of the name and the one we are connected to', async () => {
    const { network } = setUp({
      address: () => ({ host: 'localhost', port: 6380 }),
      live: () => ({ remoteAddress: '10.0.0.7', overTls: true }),
    })
    const { addresses } = await network.look()
    expect(addresses).to.include.members(['127.0.0.1', '10.0.0.7'])
  })

  it('tries our port and the default one, where nobody tells the plaintext port', async () => {
    const { network, asked } = setUp()
    const { plaintextPorts } = await network.look()
    expect(plaintextPorts).to.deep.equal([
      { port: 6380, answers: false },
      { port: 6379, answers: false },
    ])
    expect(asked).to.deep.equal([6380, 6379])
  })

  it('tries the plaintext port that the server tells of, and none where it has none', async () => {
    const told = setUp({ tcpPort: () => Promise.resolve(7000) })
    await told.network.look()
    expect(told.asked).to.deep.equal([6380, 7000])
    const none = setUp({ tcpPort: () => Promise.resolve(6380) })
    await none.network.look()
    expect(none.asked).to.deep.equal([6380])
  })

  it('speaks plaintext to a TLS port only now and then, and to any other port at each look', async () => {
    const { network, asked, clock } = setUp()
    for (const minute of [0, 1, 9, 10, 11]) {
      clock.now = minute * MINUTE
      await network.look()
    }
    expect(asked.filter((port) => port === 6380)).to.have.length(2)
    expect(asked.filter((port) => port === 6379)).to.have.length(5)
  })

  it('tries our port at each look while it does not speak TLS with us', async () => {
    const { network, asked } = setUp({ live: () => ({ remoteAddress: undefined, overTls: false }) })
    await network.look()
    await network.look()
    expect(asked.filter((port) => port === 6380)).to.have.length(2)
  })
})
