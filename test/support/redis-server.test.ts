import { connect } from 'node:net'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { RunningRedis } from './redis-server.js'
import { startRedis } from './redis-server.js'
import { until } from './until.js'

describe('the test server', () => {
  let redis: RunningRedis
  before(async () => {
    redis = await startRedis()
  })
  after(() => redis.stop())

  it('serves its admin over mutual TLS with the default user off', async () => {
    const admin = redis.admin()
    expect(await admin.acl('WHOAMI')).to.equal('admin')
    expect(String(await admin.acl('LIST'))).to.match(/user default off \S*\s?resetchannels -@all/)
  })

  it('comes back empty on the same port after a kill', async () => {
    const admin = redis.admin()
    await admin.set('ai_cache:x', '1')
    await redis.kill()
    await redis.start()
    await until(
      'the client has connected anew and finds nothing',
      async () => (await admin.get('ai_cache:x').catch(() => 'not yet')) === null,
    )
  })

  it('accepts connections while paused and answers none', async () => {
    await redis.pause()
    const socket = connect(redis.port, redis.host)
    await once(socket, 'connect')
    socket.destroy()
    await redis.resume()
    expect(await redis.admin().ping()).to.equal('PONG')
  })

  it('serves a unix socket and leaves nothing behind', async () => {
    const other = await startRedis({ transport: 'unix', access: 'none' })
    expect(await other.admin().ping()).to.equal('PONG')
    await other.stop()
    expect(existsSync(other.folder)).to.equal(false)
  })

  it('serves plaintext with a password alone', async () => {
    const other = await startRedis({ transport: 'plain', access: 'password' })
    expect(await other.admin().ping()).to.equal('PONG')
    await other.stop()
  })
})
