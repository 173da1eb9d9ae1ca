import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { RunningRedis } from '../../support/redis-server.js'
import { startRedis } from '../../support/redis-server.js'

const CHILD = fileURLToPath(new URL('../../support/canary-child.js', import.meta.url))

describe('what leaves the client', () => {
  let redis: RunningRedis
  before(async () => {
    redis = await startRedis()
    // For a transaction that fails in its middle.
    await redis.admin().acl('SETUSER', 'maintenance', '+multi', '+exec', '+set', '+get', '+pttl')
  })
  after(() => redis.stop())

  const debugging = {
    nothing: {},
    'DEBUG=*': { DEBUG: '*', DEBUG_HIDE_DATE: 'yes' },
    NODE_DEBUG: { NODE_DEBUG: 'net,tls,stream,timer,diagnostics' },
  }
  for (const [name, env] of Object.entries(debugging)) {
    it(`is free of passwords, keys and values, up to the crash, with ${name} switched on`, async () => {
      const printed = await run({ ...redis.env, ...env })
      expect(printed).to.include('the scenario is complete')
      expect(printed, 'the crash is printed as well').to.include('lacks')
      expect(printed).not.to.match(/.{0,200}planted.{0,50}/)
      for (const password of Object.values(redis.passwords)) expect(printed).not.to.include(password)
      expect(printed).not.to.include('PRIVATE KEY')
      if (name === 'DEBUG=*') expect(printed, 'debugging was on').to.match(/ioredis:redis.*write command/)
      if (name === 'NODE_DEBUG') expect(printed, 'debugging was on').to.match(/^NET \d+/m)
    }).timeout(30_000)
  }
})

async function run(env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, [CHILD], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  await once(child, 'close')
  return printed
}
