import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'

const MAIN = fileURLToPath(new URL('../../examples/demo/main.js', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly output: string
}

interface RunOptions {
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Called once when the output has this text. */
  readonly when?: { readonly text: string; readonly act: (running: Running) => void }
}

interface Running {
  readonly output: string
  readonly stop: () => void
}

describe('the demonstration', function () {
  this.timeout(60_000)
  let temporary: string

  beforeEach(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'demo-test-'))
  })
  afterEach(async () => {
    await rm(temporary, { recursive: true, force: true })
  })

  /** Its temporary folder is ours, so that what it leaves behind shows. */
  function run({ args, env = {}, when }: RunOptions): Promise<Ended> {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { PATH: '/usr/bin:/bin:/usr/local/bin', TMPDIR: temporary, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let acted = false
    const listen = (chunk: Buffer): void => {
      output += chunk.toString()
      if (when === undefined || acted || !output.includes(when.text)) return
      acted = true
      when.act({ output, stop: () => child.kill('SIGINT') })
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })))
  }

  it('shows every attack failing on a real server, ends by itself and leaves nothing behind', async () => {
    const { code, output } = await run({ args: ['--once'] })
    expect(output).to.include('Every step was as expected.')
    expect(output.match(/^ {4}as expected$/gm)).to.have.length(15)
    expect(output).not.to.match(/NOT AS EXPECTED/)
    expect(code).to.equal(0)
    expect(await readdir(temporary)).to.deep.equal([])
  })

  it('says how to install a server where there is none, and shows what applies without @once', async () => {
    // `npm start --once`, without the `--`, arrives as a setting of npm.
    const { code, output } = await run({ args: [], env: { PATH: temporary, npm_config_once: 'true' } })
    expect(output).to.include('apt-get install redis-server')
    expect(output.match(/^ {4}as expected$/gm)).to.have.length(3)
    expect(code).to.equal(0)
  })

  it('serves until it is interrupted, and what it says to try works', async () => {
    let answer: Promise<Response> | undefined
    let health: Promise<Response> | undefined
    const { code, output } = await run({
      args: [],
      when: {
        text: 'Ctrl-C',
        act: ({ output: soFar, stop }) => {
          const url = /http:\/\/127\.0\.0\.1:\d+/.exec(soFar)?.[0] ?? ''
          answer = fetch(`${url}/reports/42`)
          health = fetch(`${url}/security/health`)
          void Promise.allSettled([answer, health]).then(stop)
        },
      },
    })
    expect((await answer)?.status).to.equal(200)
    expect((await health)?.status).to.equal(200)
    expect(output).to.include('stopping')
    expect(output).not.to.match(/Bearer [\w-]{20}/)
    expect(code).to.equal(0)
    expect(await readdir(temporary)).to.deep.equal([])
  })

  it('explains itself @once', async () => {
    const { code, output } = await run({ args: ['--help'] })
    expect(output).to.include('npm start -- --once')
    expect(code).to.equal(0)
  })

  it('refuses what it does not know with exit code 2 @once', async () => {
    for (const args of [['--twice'], ['--port', '70000']]) {
      const { code, output } = await run({ args })
      expect(output, args.join(' ')).to.match(/^error: /)
      expect(code, args.join(' ')).to.equal(2)
    }
  })
})
