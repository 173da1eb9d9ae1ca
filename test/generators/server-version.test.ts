import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { askLocalServer, resolveServer } from '../../generators/server-version.js'
import { formatServerVersion } from '../../lib/redis/versions.js'
import { temporaryFolder } from '../support/generated-folder.js'

/** What a program that prints this is taken for. */
async function versionOf(output: string): Promise<string | undefined> {
  const folder = await temporaryFolder()
  try {
    const program = join(folder.path, 'redis-server')
    await writeFile(program, `#!/bin/sh\nprintf '%s\\n' '${output}'\n`)
    await chmod(program, 0o700)
    return await askLocalServer(program)
  } finally {
    await folder.remove()
  }
}

describe('server version', () => {
  it('asks the server that is installed', async () => {
    expect(await askLocalServer()).to.match(/^\d+\.\d+\.\d+$/)
    const { version, because } = await resolveServer('auto', 'local')
    expect((await askLocalServer()) ?? '').to.match(new RegExp(`^${formatServerVersion(version)}\\.`))
    expect(because).to.equal('redis-server --version')
  })

  it('tells Redis from Valkey, and neither from other programs', async () => {
    expect(await versionOf('Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64')).to.equal(
      '7.0.15',
    )
    expect(await versionOf('Valkey server v=8.1.3 sha=00000000:0 malloc=libc bits=64')).to.equal(
      'valkey-8.1.3',
    )
    expect(await versionOf('something else v=1.2.3')).to.equal(undefined)
    expect(await askLocalServer('/nonexistent/redis-server')).to.equal(undefined)
  })

  it('takes a maintained, pinned image for containers, whatever is installed', async () => {
    const { version, release } = await resolveServer('auto', 'container')
    expect(formatServerVersion(version)).to.equal('7.4')
    expect(release).to.include({ maintained: true })
    expect(release?.image).to.match(/^redis:7\.4\.\d+$/)
  })

  it('follows a version that is named', async () => {
    const { version, because } = await resolveServer('7.2', 'local')
    expect([formatServerVersion(version), because]).to.deep.equal(['7.2', 'REDIS_VERSION'])
  })

  it('refuses versions that are too old, and for containers those without a known image', async () => {
    for (const [setting, target] of [
      ['6.0', 'local'],
      ['nonsense', 'local'],
      ['8.1', 'container'],
    ] as const) {
      const error: unknown = await resolveServer(setting, target).catch((reason: unknown) => reason)
      expect(error, setting).to.have.property('code', 'ERR_CONFIG_INVALID')
      expect(String(error)).to.include('REDIS_VERSION')
    }
    expect((await resolveServer('8.1', 'local')).release).to.equal(undefined)
  })
})
