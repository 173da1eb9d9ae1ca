import { randomBytes } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { GcmThread, type GcmThreadOptions } from '../../../lib/crypto/gcm-thread.js'
import { ASIDE_BYTES, type SealedNamespace } from '../../../lib/crypto/sealed-namespace.js'
import { until } from '../../support/until.js'
import { envelope, reasonOf } from './support.js'

const MIB = 1024 * 1024
const OPTIONS = { codec: 'bytes', lifetimeSeconds: 60 } as const
const PROGRAM = new URL('../../../lib/crypto/gcm-worker.js', import.meta.url)

describe('the thread for large values', () => {
  const threads: GcmThread[] = []
  let values: SealedNamespace

  before(async () => {
    values = (await running()).values
  })

  after(async () => {
    await Promise.all(threads.map((thread) => thread.close()))
  })

  function makeThread(options: GcmThreadOptions): GcmThread {
    const thread = new GcmThread(options)
    threads.push(thread)
    return thread
  }

  async function running(
    options?: GcmThreadOptions,
  ): Promise<{ thread: GcmThread; values: SealedNamespace; workers: readonly Worker[] }> {
    const workers: Worker[] = []
    const start = (): Worker => {
      const worker = new Worker(PROGRAM)
      workers.push(worker)
      return worker
    }
    const thread = makeThread({ start, ...options })
    await until('the thread runs', () => thread.takes(1), 30_000)
    return { thread, values: envelope({ thread }).namespace('app:', ''), workers }
  }

  it('comes to the same bytes as sealing and opening here, in both directions', async () => {
    const payload = randomBytes(ASIDE_BYTES)
    const aside = await values.sealAside('key', payload, OPTIONS)
    expect(aside).to.have.length(payload.length + 67)
    expect(values.open('key', aside ?? Buffer.alloc(0)).payload.equals(payload)).to.equal(true)
    const here = values.seal('key', payload, OPTIONS)
    const opened = await values.openAside('key', here)
    expect(opened?.payload.equals(payload)).to.equal(true)
    expect({ ...opened, payload: 0 }).to.deep.equal({ ...values.open('key', here), payload: 0 })
  })

  it('refuses what was tampered with, or sealed for another key', async () => {
    const sealed = values.seal('key', randomBytes(ASIDE_BYTES), OPTIONS)
    const tampered = Buffer.from(sealed)
    tampered[1000] = (tampered[1000] ?? 0) ^ 1
    const reason = async (key: string, bytes: Buffer): Promise<string> => {
      const thrown: unknown = await values.openAside(key, bytes)?.then(
        () => undefined,
        (error: unknown) => error,
      )
      return reasonOf(() => {
        if (thrown !== undefined) throw thrown as Error
      })
    }
    expect(await reason('key', tampered)).to.equal('tag')
    expect(await reason('other', sealed)).to.equal('tag')
    expect(await reason('key', sealed)).to.equal('opened')
  })

  it('leaves small values, and JSON of any size, to the event loop', async () => {
    const json = values.seal('key', Buffer.alloc(ASIDE_BYTES, '1'), { ...OPTIONS, codec: 'json' })
    expect(values.openAside('key', json)).to.equal(undefined)
    expect(values.sealAside('key', Buffer.alloc(ASIDE_BYTES - 1), OPTIONS)).to.equal(undefined)
  })

  it('seals what was given, whatever the caller does with its bytes afterwards', async () => {
    const payload = Buffer.alloc(ASIDE_BYTES, 1)
    const sealing = values.sealAside('key', payload, OPTIONS)
    payload.fill(2)
    const sealed = (await sealing) ?? Buffer.alloc(0)
    expect(values.open('key', sealed).payload.equals(Buffer.alloc(ASIDE_BYTES, 1))).to.equal(true)
  })

  it('lets the event loop turn while values of 8 MiB are sealed', async () => {
    const payload = randomBytes(8 * MIB)
    const answers: number[] = []
    let turns = 0
    for (let index = 0; index < 3; index += 1) {
      void values.sealAside(`key:${index}`, payload, OPTIONS)?.then(() => answers.push(turns))
    }
    await until('all are sealed', async () => {
      turns += 1
      await new Promise(setImmediate)
      return answers.length === 3
    })
    expect(answers[0]).to.be.greaterThan(0)
  })

  it('is not needed: when it is killed in the middle, every value is sealed here', async () => {
    const { thread, values: doomed, workers: started } = await running()
    const payloads = Array.from({ length: 6 }, () => randomBytes(MIB))
    const sealing = payloads.map(async (payload, index) => doomed.sealAside(`key:${index}`, payload, OPTIONS))
    expect(thread.waiting).to.equal(6)
    await started[0]?.terminate()
    const sealed = await Promise.all(sealing)
    for (const [index, payload] of payloads.entries()) {
      const opened = values.open(`key:${index}`, sealed[index] ?? Buffer.alloc(0))
      expect(opened.payload.equals(payload), String(index)).to.equal(true)
    }
    await until('another one runs', () => thread.takes(1), 30_000)
    expect(started).to.have.length(2)
  })

  it('seals here what cannot be handed over', async () => {
    const { thread, values: blocked, workers: started } = await running()
    const [worker] = started
    if (worker === undefined) throw new Error('no thread')
    worker.postMessage = () => {
      throw new Error('planted')
    }
    const payload = randomBytes(ASIDE_BYTES)
    const sealed = (await blocked.sealAside('key', payload, OPTIONS)) ?? Buffer.alloc(0)
    expect(blocked.open('key', sealed).payload.equals(payload)).to.equal(true)
    expect(thread.waiting).to.equal(0)
  })

  it('takes no more than its bound', async () => {
    const { thread, values: bounded } = await running({ maxWaitingBytes: 3 * MIB })
    const payload = randomBytes(2 * MIB)
    const first = bounded.sealAside('a', payload, OPTIONS)
    expect(first).to.be.instanceOf(Promise)
    expect(bounded.sealAside('b', payload, OPTIONS)).to.equal(undefined)
    await first
    expect(thread.takes(payload.length)).to.equal(true)
  })

  it('gives up where no thread can be had', async () => {
    let starts = 0
    const thread = makeThread({
      start: () => {
        starts += 1
        return new Worker(new URL('file:///nowhere/gcm-worker.js'))
      },
    })
    for (let turn = 1; turn <= 3; turn += 1) {
      expect(thread.takes(1)).to.equal(false)
      await until('it has ended', () => !thread.isStarting, 30_000)
      expect(starts).to.equal(turn)
    }
    expect(thread.takes(1)).to.equal(false)
    expect(starts).to.equal(3)
  })

  it('does what it had in hand here when it is closed, and starts no more', async () => {
    const { thread, values: closed, workers: started } = await running()
    const payload = randomBytes(2 * MIB)
    const sealing = closed.sealAside('key', payload, OPTIONS)
    await thread.close()
    const sealed = (await sealing) ?? Buffer.alloc(0)
    expect(values.open('key', sealed).payload.equals(payload)).to.equal(true)
    expect(closed.sealAside('key', payload, OPTIONS)).to.equal(undefined)
    expect(started).to.have.length(1)
  })
})
