import { X509Certificate } from 'node:crypto'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import {
  gatherCertificates,
  type CertificatePlan,
  type CertificateSet,
} from '../../generators/certificate-set.js'
import { createAuthority, issueCertificate } from '../../generators/certificates.js'

const DAY_MS = 24 * 60 * 60 * 1000
const START = Date.UTC(2030, 0, 1)

const PLANS: readonly CertificatePlan[] = [
  { directory: 'tls', file: 'server', role: 'server', commonName: 'redis', names: ['redis', '127.0.0.1'] },
  { directory: 'app', file: 'client', role: 'client', commonName: 'cache_service', names: ['client'] },
]

/** A folder in memory: what one run made is what the next one finds. */
class Folder {
  readonly files = new Map<string, string>()

  async gather(now: number, plans: readonly CertificatePlan[] = PLANS): Promise<CertificateSet> {
    const set = await gatherCertificates(plans, {
      read: async (path) => this.files.get(path),
      now: () => now,
    })
    for (const { path, text } of set.files) this.files.set(path, text)
    return set
  }
}

async function failure(action: Promise<unknown>): Promise<unknown> {
  return action.then(
    () => undefined,
    (reason: unknown) => reason,
  )
}

describe('certificate set', () => {
  it('keeps the authority’s key with the operator and gives everyone else its certificate', async () => {
    const folder = new Folder()
    await folder.gather(START)
    expect([...folder.files.keys()]).to.have.members([
      'operator/ca.crt',
      'operator/ca.key',
      'tls/ca.crt',
      'app/ca.crt',
      'tls/server.crt',
      'tls/server.key',
      'app/client.crt',
      'app/client.key',
    ])
    const authority = new X509Certificate(folder.files.get('operator/ca.crt') ?? '')
    for (const path of ['tls/server.crt', 'app/client.crt']) {
      expect(new X509Certificate(folder.files.get(path) ?? '').verify(authority.publicKey)).to.equal(true)
    }
  })

  it('keeps all of it while it is valid for another month', async () => {
    const folder = new Folder()
    await folder.gather(START)
    const first = new Map(folder.files)
    const { notes } = await folder.gather(START + 300 * DAY_MS)
    expect(folder.files).to.deep.equal(first)
    expect(notes).to.deep.equal([])
  })

  it('issues anew what ends within a month, under the same authority, and says so', async () => {
    const folder = new Folder()
    await folder.gather(START)
    const first = new Map(folder.files)
    const { notes } = await folder.gather(START + 340 * DAY_MS)
    expect(folder.files.get('operator/ca.crt')).to.equal(first.get('operator/ca.crt'))
    expect(folder.files.get('tls/server.crt')).not.to.equal(first.get('tls/server.crt'))
    expect(folder.files.get('tls/server.key')).not.to.equal(first.get('tls/server.key'))
    expect(notes).to.deep.equal([
      'issued tls/server.crt anew, because it ends in less than 30 days',
      'issued app/client.crt anew, because it ends in less than 30 days',
    ])
  })

  it('issues anew what does not fit: another name, use, key or authority', async () => {
    const folder = new Folder()
    await folder.gather(START)
    const [server, client] = PLANS
    if (server === undefined || client === undefined) throw new TypeError('no plans')
    const named = await folder.gather(START, [
      { ...server, names: [...server.names, 'cache.internal'] },
      client,
    ])
    expect(named.notes).to.deep.equal(['issued tls/server.crt anew, because it lacks a name of the server'])
    const both = await folder.gather(START, [{ ...server, role: 'both' }, client])
    expect(both.notes).to.deep.equal(['issued tls/server.crt anew, because it is for another use'])
    folder.files.set('app/client.key', folder.files.get('tls/server.key') ?? '')
    expect((await folder.gather(START)).notes).to.include(
      'issued app/client.crt anew, because it does not belong to its key',
    )
    const stranger = await createAuthority({ commonName: 'stranger', now: () => START })
    const foreign = await issueCertificate(stranger, { ...client, now: () => START })
    folder.files.set('app/client.crt', foreign.certPem).set('app/client.key', foreign.keyPem)
    expect((await folder.gather(START)).notes).to.deep.equal([
      'issued app/client.crt anew, because it is not signed by this authority',
    ])
    folder.files.set('app/client.crt', 'not a certificate')
    expect((await folder.gather(START)).notes).to.deep.equal([
      'issued app/client.crt anew, because it is not a certificate',
    ])
  })

  it('works without the authority’s key while nothing is due, and asks for it when something is', async () => {
    const folder = new Folder()
    await folder.gather(START)
    folder.files.delete('operator/ca.key')
    expect((await folder.gather(START + 100 * DAY_MS)).files.map(({ path }) => path)).not.to.include(
      'operator/ca.key',
    )
    const error = await failure(folder.gather(START + 350 * DAY_MS))
    expect(error).to.have.property('code', 'ERR_CONFIG_FILES')
    expect(String(error)).to.include('operator/ca.key is needed')
  })

  it('refuses an authority’s key that belongs to another certificate', async () => {
    const folder = new Folder()
    await folder.gather(START)
    folder.files.set('operator/ca.key', folder.files.get('tls/server.key') ?? '')
    expect(await failure(folder.gather(START))).to.have.property('code', 'ERR_CONFIG_FILES')
  })

  it('makes a new authority where the old one ends, and everything under it', async () => {
    const folder = new Folder()
    await folder.gather(START)
    const { notes } = await folder.gather(START + 3640 * DAY_MS)
    expect(notes[0]).to.match(/^made a new authority/)
    const authority = new X509Certificate(folder.files.get('app/ca.crt') ?? '')
    expect(
      new X509Certificate(folder.files.get('tls/server.crt') ?? '').verify(authority.publicKey),
    ).to.equal(true)
  })
})
