import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { generateConfig } from '../../generators/index.js'
import { auditFolder, type AuditReport } from '../../lib/audit/audit.js'
import { readFolderFacts } from '../../lib/audit/file-facts.js'
import { RELEASES } from '../../lib/redis/versions.js'
import { freshSettings, temporaryFolder, type Overrides } from '../support/generated-folder.js'

/** What the settings accept: their versions are those of Redis. */
const VERSIONS = RELEASES.filter(({ version }) => /^\d/.test(version))
/** True of the image that was asked for, and said in a note of the run. */
const UNMAINTAINED = ['VER-001', 'VER-002']

async function audit(folder: string): Promise<AuditReport> {
  return auditFolder(await readFolderFacts(folder, { now: Date.now(), display: (path) => path }))
}

describe('the generated folder, under our own rules', () => {
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

  for (const { version, maintained } of VERSIONS) {
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
