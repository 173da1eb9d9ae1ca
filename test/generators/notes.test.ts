import { expect } from 'chai'
import { describe, it } from 'mocha'
import { notesOn, type NoteFacts } from '../../generators/notes.js'
import { resolveServer } from '../../generators/server-version.js'
import { sharedCertificates } from '../support/test-certificates.js'
import { freshSettings, type Overrides } from '../support/generated-folder.js'

async function notesFor(overrides: Overrides, facts: Partial<NoteFacts> = {}): Promise<readonly string[]> {
  const settings = await freshSettings(overrides)
  const server = await resolveServer(settings.server.version, 'container')
  return notesOn({ settings, server, target: 'container', now: Date.now(), ...facts })
}

describe('notes', () => {
  it('say nothing where all is well', async () => {
    expect(await notesFor({})).to.deep.equal([])
  })

  it('name each setting that makes the output weaker or unusable', async () => {
    const cases: [Overrides, RegExp][] = [
      [{ REDIS_CACHE_PASSWORD: '', REDIS_PASSWORD: 'kQ3vT9xLw2mZr8Yd' }, /default user is off/],
      [{ REDIS_DEV_MODE: 'true', REDIS_TLS_ENABLED: 'false' }, /without TLS/],
      [{ REDIS_PROTECTED_MODE: 'false' }, /REDIS_PROTECTED_MODE/],
      [{ REDIS_VERSION: '7.0' }, /no security fixes/],
      [{ REDIS_TOPOLOGY: 'sentinel' }, /REDIS_SENTINELS and REDIS_SENTINEL_NAME/],
      [{ REDIS_TOPOLOGY: 'cluster' }, /REDIS_CLUSTER_NODES/],
    ]
    for (const [overrides, expected] of cases) {
      const notes = await notesFor(overrides)
      expect(notes, JSON.stringify(overrides)).to.have.length(1)
      expect(notes[0]).to.match(expected)
    }
  })

  it('say until when keys of an earlier application are open, and that they are no more', async () => {
    const until = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
    const overrides = {
      CACHE_READ_MODE: 'plaintext',
      CACHE_READ_MODE_UNTIL: until,
      CACHE_LEGACY_PREFIXES: 'enc:',
    }
    expect((await notesFor(overrides))[0]).to.include(`until ${until}`)
    const [note, ...more] = await notesFor(overrides, { now: Date.now() + 2 * 86_400_000 })
    expect(note).to.match(/read no more since .*remove CACHE_LEGACY_PREFIXES/)
    expect(more).to.deep.equal([])
  })

  it('say on Windows which protections file modes cannot give there', async () => {
    const [note, ...more] = await notesFor({}, { platform: 'win32' })
    expect(note).to.match(/^Windows has no file modes: .*FIL-001, TLS-012, AUT-009.*icacls/)
    expect(more).to.deep.equal([])
    expect(await notesFor({}, { platform: 'linux' })).to.deep.equal([])
  })

  it('notice that the application trusts another authority than that of the folder', async () => {
    const { authority } = await sharedCertificates()
    const other = { REDIS_TLS_CA_FILE: '', REDIS_TLS_CA: authority.certPem }
    expect(await notesFor(other, { authorityPem: `${authority.certPem}\n` })).to.deep.equal([])
    expect((await notesFor(other, { authorityPem: 'another' }))[0]).to.include('app/ca.crt')
  })
})
