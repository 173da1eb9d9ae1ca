import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { probeAnonymous, probePlaintext } from '../../../lib/redis/probe.js'
import type { RedisServerOptions } from '../../support/redis-server.js'
import { startRedis } from '../../support/redis-server.js'
import { freePort } from '../../support/redis-process.js'

describe('probeAnonymous', () => {
  const cases: readonly [string, RedisServerOptions, string][] = [
    ['a server with users', {}, 'refused'],
    ['a server with a password', { access: 'password' }, 'refused'],
    ['a server that asks for nothing', { access: 'none' }, 'open'],
    ['a plaintext server that asks for nothing', { access: 'none', transport: 'plain' }, 'open'],
  ]
  for (const [name, options, outcome] of cases) {
    it(`meets ${name}: ${outcome}`, async () => {
      const redis = await startRedis(options)
      // The settings hold a login: it must not be sent.
      expect(await probeAnonymous(redis.settings)).to.deep.equal({ outcome, error: undefined })
      await redis.stop()
    })
  }

  it('counts a user without a password who may not even ping as open', async () => {
    const redis = await startRedis()
    await redis.admin().acl('SETUSER', 'default', 'on', 'nopass')
    expect(await probeAnonymous(redis.settings)).to.include({ outcome: 'open' })
    await redis.stop()
  })

  it('judges nothing without an answer, and says why there was none', async () => {
    const redis = await startRedis()
    const nobody = await probeAnonymous({ ...redis.settings, port: await freePort() })
    expect(nobody.outcome).to.equal('unknown')
    expect(nobody.error?.code).to.equal('ERR_REDIS_REFUSED')
    await redis.pause()
    const silent = await probeAnonymous({ ...redis.settings, connectTimeoutMs: 100 })
    expect([silent.outcome, silent.error?.code]).to.deep.equal(['unknown', 'ERR_REDIS_UNREACHABLE'])
    await redis.stop()
  })
})

describe('probePlaintext', () => {
  it('tells a plaintext Redis from a TLS port, from silence and from something else', async () => {
    const plain = await startRedis({ transport: 'plain' })
    const tls = await startRedis()
    const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(
      0,
      '127.0.0.1',
    )
    await once(web, 'listening')
    expect(await probePlaintext(plain.host, plain.port)).to.equal('plaintext')
    expect(await probePlaintext(tls.host, tls.port)).to.equal('other')
    expect(await probePlaintext('127.0.0.1', (web.address() as AddressInfo).port)).to.equal('other')
    expect(await probePlaintext('127.0.0.1', await freePort())).to.equal('other')
    await plain.pause()
    expect(await probePlaintext(plain.host, plain.port, 100)).to.equal('silent')
    web.close()
    await Promise.all([plain.stop(), tls.stop()])
  })
})
