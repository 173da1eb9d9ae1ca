import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'mocha'
import { runAndKill } from '../../support/killed-command.js'
import { lookAt, startOpenRedis, type OpenRedis, type ServerLook } from '../../support/open-redis.js'
import { PlanFollower } from '../../support/plan-follower.js'

const KEYS = 5000
const KILLS_THERE = 10
const KILLS = 20
/** Beside processes that start again and again. */
const CALM = { turns: 1, restMs: 4 } as const

describe('a migration that is killed again and again @once', () => {
  let open: OpenRedis
  let follower: PlanFollower
  let start: ServerLook
  let kills = 0

  before(async function () {
    this.timeout(120_000)
    open = await startOpenRedis()
    await writeEnvironment(open)
    follower = new PlanFollower(open, CALM)
    await follower.fill(KEYS)
    start = await lookAt(open.insider())
    follower.start()
  })
  after(() => open.stop())

  it('reaches the same end from wherever it was killed', async function () {
    this.timeout(0)
    await untilDone('run', KILLS_THERE)
    const { sealed, strings } = await follower.sealed(open.insider())
    expect(sealed).to.equal(strings)
    const status = await open.migration().status()
    expect(status.steps.filter(({ stage }) => stage !== 'done')).to.deep.equal([])
  })

  it('comes back to exactly the start from wherever the rollback was killed', async function () {
    this.timeout(0)
    await untilDone('rollback', KILLS)
    // Where chance has let a way end early, the rest of the kills is for another one.
    while (kills < KILLS) {
      await untilDone('run', KILLS)
      await untilDone('rollback', KILLS)
    }
    await follower.stop()
    expect(follower.failures.slice(0, 10)).to.deep.equal([])
    expect((await follower.differences(open.insider())).slice(0, 10)).to.deep.equal([])
    expect(await lookAt(open.insider())).to.deep.equal(start)
  })

  /** Kills at random moments of the whole way, and lets the last run come to its end. */
  async function untilDone(command: 'run' | 'rollback', upTo: number): Promise<void> {
    for (;;) {
      const kill =
        kills < upTo
          ? { afterEvents: 1 + Math.floor(Math.random() * 12), thenMs: Math.random() * 40 }
          : undefined
      const { code, stderr } = await runAndKill({
        words: ['migrate', command, '--all', ...options(open)],
        cwd: open.folder,
        onEvent: (event) => follower.follow(event),
        kill,
      })
      if (code === null) kills += 1
      else expect(stderr, `exit ${code}, after ${kills} kills`).to.equal('')
      if (code === 0) break
    }
  }
})

function options({ server, tlsPort, folder }: OpenRedis): readonly string[] {
  const address = `${server.host}:${server.port}`
  return (
    `--json --from ${address} --tls-port ${tlsPort} --folder ${folder} --server-tls ${server.folder} ` +
    '--confirm encryption --wait 60 --settle 0.05'
  ).split(' ')
}

/** As people have it: one file with the settings, certificates beside it. */
async function writeEnvironment({ env, folder }: OpenRedis): Promise<void> {
  const lines: string[] = []
  for (const [name, value] of Object.entries(env)) {
    if (!value.includes('\n')) {
      lines.push(`${name}=${value}`)
      continue
    }
    const path = join(folder, `${name}.pem`)
    await writeFile(path, value, { mode: 0o600 })
    lines.push(`${name}_FILE=${path}`)
  }
  await writeFile(join(folder, '.env'), `${lines.join('\n')}\n`, { mode: 0o600 })
}
