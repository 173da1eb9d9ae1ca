import { randomBytes } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { GcmThread } from '../../../lib/crypto/gcm-thread.js'
import { until } from '../../support/until.js'
import { envelope } from './support.js'

const BYTES = 8 * 1024 * 1024
const OPTIONS = { codec: 'bytes', lifetimeSeconds: 60 } as const

describe('a stream of values of 8 MiB', () => {
  it('delays the event loop less when they are sealed in the thread', async () => {
    const thread = new GcmThread()
    await until('the thread runs', () => thread.takes(1), 30_000)
    const aside = envelope({ thread }).namespace('app:', '')
    const here = envelope().namespace('app:', '')
    const payload = randomBytes(BYTES)
    const delay = async (seal: (key: string) => unknown): Promise<number> => {
      const delays = monitorEventLoopDelay({ resolution: 1 })
      delays.enable()
      for (let index = 0; index < 50; index += 1) {
        await seal(`key:${index}`)
        await new Promise(setImmediate)
      }
      delays.disable()
      return delays.mean
    }
    const inThread = await delay((key) => aside.sealAside(key, payload, OPTIONS))
    const onLoop = await delay((key) => here.seal(key, payload, OPTIONS))
    await thread.close()
    expect(inThread).to.be.lessThan(onLoop)
  })
})
