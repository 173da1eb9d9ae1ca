import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { generateConfig } from '../../generators/index.js'
import { auditFolder, type AuditReport } from '../../lib/audit/audit.js'
import { readFolderFacts } from '../../lib/audit/file-facts.js'
import { RELEASES } from '../../lib/redis/versions.js'
import { freshSettings, temporaryFolder, type Overrides } from '../support/generated-folder.js'

/** True of the image that was asked for, and said in a note of the run. */
const UNMAINTAINED = ['VER-001', 'VER-002']

async function audit(folder: string): Promise<AuditReport> {
  return auditFolder(await readFolderFacts(folder, { now: Date.now(), display: (path) => path }))
}

describe('the generated folder, under our own rules @once', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>

  before(async () => {
    folder = await temporaryFolder()
  })
  after(() => folder.remove())

  async function findingsOf(overrides: Overrides, target: 'container' | 'local'): Promise<readonly string[]> {
    await generateConfig({ settings: await freshSettings(overrides), out: folder.path, target })
    // Once a rule: the two Compose files name one image.
    return [...new Set((await audit(folder.path)).findings.map(({ rule }) => rule))]
  }

  for (const { version, maintained } of RELEASES) {
    it(`has no finding for Redis ${version}${maintained ? '' : ' but that it gets no fixes'}`, async () => {
      for (const profile of ['cache', 'data']) {
        for (const tls of ['modern', 'compatible']) {
          const overrides = { REDIS_VERSION: version, REDIS_PROFILE: profile, REDIS_TLS_PROFILE: tls }
          const found = await findingsOf(overrides, 'container')
          expect(found, `${profile} ${tls}`).to.deep.equal(maintained ? [] : UNMAINTAINED)
        }
      }
    })
  }

  for (const topology of ['replica', 'sentinel', 'cluster']) {
    it(`has no finding for topology ${topology}, for containers and this machine, old and new versions`, async () => {
      const own = await temporaryFolder()
      try {
        for (const [version, profile, target, tls] of [
          ['6.2', 'cache', 'container', 'modern'],
          ['8.10', 'data', 'container', 'compatible'],
          ['valkey-8.1', 'cache', 'container', 'modern'],
          ['7.2', 'data', 'local', 'modern'],
        ] as const) {
          const settings = await freshSettings({
            REDIS_VERSION: version,
            REDIS_PROFILE: profile,
            REDIS_TLS_PROFILE: tls,
            REDIS_TOPOLOGY: topology,
          })
          const out = join(own.path, target)
          await generateConfig({ settings, out, target })
          const { findings, remarks } = await audit(out)
          expect(findings, `${version} ${profile} ${target}`).to.deep.equal([])
          expect(remarks, `${version} ${profile} ${target}`).to.deep.equal([])
        }
      } finally {
        await own.remove()
      }
    })
  }

  it('is judged, and not merely skipped, for each server of a topology', async () => {
    const own = await temporaryFolder()
    try {
      const settings = await freshSettings({ REDIS_VERSION: '7.4', REDIS_TOPOLOGY: 'sentinel' })
      await generateConfig({ settings, out: own.path, target: 'container' })
      for (const [path, from, to] of [
        ['conf/redis-2.conf', 'tls-port 6379', 'port 6379'],
        ['conf/redis.conf', 'tls-replication yes', 'tls-replication no'],
        ['sentinel/sentinel-1.conf', 'protected-mode yes', 'protected-mode no'],
        ['sentinel/users.acl', '+ping +publish', '+ping +shutdown +publish'],
        ['docker-compose.yml', 'internal: true', 'internal: false'],
      ] as const) {
        const file = join(own.path, path)
        const text = await readFile(file, 'utf8')
        expect(text, path).to.include(from)
        await writeFile(file, text.replace(from, to))
      }
      const found = new Set((await audit(own.path)).findings.map(({ rule }) => rule))
      expect([...found]).to.include.members(['NET-001', 'NET-006', 'NET-007', 'ACL-005', 'CMP-002'])
    } finally {
      await own.remove()
    }
  })

  it('is judged, and not merely skipped', async () => {
    const found = await findingsOf({ REDIS_PROTECTED_MODE: 'false' }, 'container')
    expect(found).to.include('NET-003')
  })

  it('has no finding for a server of this machine', async () => {
    const own = await temporaryFolder()
    try {
      await generateConfig({
        settings: await freshSettings({ REDIS_VERSION: '7.4' }),
        out: own.path,
        target: 'local',
      })
      expect((await audit(own.path)).findings).to.deep.equal([])
    } finally {
      await own.remove()
    }
  })
})
