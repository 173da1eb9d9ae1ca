import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { until } from '../support/until.js'

/** Work that stops a moment after it was told to, where `STOPS` says so, and never where not. */
const SCRIPT = `
const { interruptible } = await import(${JSON.stringify(new URL('../../cli/interruption.js', import.meta.url).href)})
const kept = setInterval(() => {}, 1000)
await interruptible({
  onStop: () => console.log('stopping'),
  work: (signal) => new Promise((resolve) => {
    console.log('working')
    signal.addEventListener('abort', () => process.env.STOPS && resolve())
  }),
})
clearInterval(kept)
console.log('stopped', process.listenerCount('SIGINT') + process.listenerCount('SIGTERM'))
`

describe('work that is interrupted', () => {
  let child: ChildProcess
  let told: string
  let end: Promise<unknown[]>

  beforeEach(() => {
    told = ''
  })
  afterEach(() => {
    child.kill('SIGKILL')
  })

  const start = async (env: Readonly<Record<string, string>>): Promise<void> => {
    child = spawn(process.execPath, ['--input-type=module', '--eval', SCRIPT], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    end = once(child, 'close')
    child.stdout?.on('data', (chunk: Buffer) => {
      told += chunk.toString()
    })
    await until('it works', () => told.includes('working'), 30_000)
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`is told to stop by ${signal}, and ends as it sees fit`, async () => {
      await start({ STOPS: 'yes' })
      child.kill(signal)
      expect(await end).to.deep.equal([0, null])
      expect(told).to.equal('working\nstopping\nstopped 0\n')
    })
  }

  it('ends at once when it is interrupted again', async () => {
    await start({})
    child.kill('SIGINT')
    await until('it was told', () => told.includes('stopping'), 30_000)
    child.kill('SIGINT')
    expect(await end).to.deep.equal([null, 'SIGINT'])
    expect(told).to.equal('working\nstopping\n')
  })
})
