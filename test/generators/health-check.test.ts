import { spawnSync } from 'node:child_process'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { healthCheck } from '../../generators/health-check.js'
import { bootGenerated, freshSettings, type BootedFolder } from '../support/generated-folder.js'

describe('health check', () => {
  let booted: BootedFolder
  let command: string

  before(async () => {
    booted = await bootGenerated({ REDIS_HEALTH_PASSWORD: `a "b" 'c' $HOME \`id\` é#` })
    command = healthCheck({ settings: booted.settings, target: 'local', out: booted.out })
  })
  after(() => booted.stop())

  const exitCode = (): number | null => spawnSync('/bin/sh', ['-c', command], { timeout: 10_000 }).status

  it('passes on a server that works', () => {
    expect(exitCode()).to.equal(0)
  })

  it('fails where the password is wrong, where the certificate is, and where nobody listens', async () => {
    const password = join(booted.out, 'secrets/health_password')
    const right = await readFile(password, 'utf8')
    await writeFile(password, 'a wrong password\n')
    expect(exitCode()).not.to.equal(0)
    await writeFile(password, right)
    const key = join(booted.out, 'tls/health.key')
    const rightKey = await readFile(key, 'utf8')
    await writeFile(key, await readFile(join(booted.out, 'app/client.key'), 'utf8'))
    expect(exitCode()).not.to.equal(0)
    await writeFile(key, rightKey)
    await chmod(key, 0o600)
    expect(exitCode()).to.equal(0)
    await booted.server.stop()
    expect(exitCode()).not.to.equal(0)
  })

  it('has no password on its command line', async () => {
    const password = await readFile(join(booted.out, 'secrets/health_password'), 'utf8')
    expect(command).not.to.include(password.trimEnd())
  })

  it('asks the address that the server listens on', async () => {
    const settings = await freshSettings({ REDIS_BIND_ADDRESS: '10.0.0.5' })
    expect(healthCheck({ settings, target: 'container', out: '/srv' })).to.include(' -h 10.0.0.5 -p 6379 ')
  })

  it('speaks plaintext where the server does', async () => {
    const settings = await freshSettings({
      REDIS_DEV_MODE: 'true',
      REDIS_TLS_ENABLED: 'false',
    })
    expect(healthCheck({ settings, target: 'container', out: '/srv' })).not.to.include('--tls')
  })
})
