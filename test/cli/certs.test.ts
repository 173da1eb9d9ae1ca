import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { CertificateFacts } from '../../generators/index.js'
import { certificatesIn } from '../../generators/index.js'
import { secureCache, type Finished } from '../support/command-line.js'
import { contentsOf, misfits } from '../support/folder-contents.js'
import { temporaryFolder } from '../support/generated-folder.js'

describe('secure-cache certs', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>

  before(async () => {
    folder = await temporaryFolder()
    await run('init')
  })
  after(() => folder.remove())

  const at = (path: string): string => join(folder.path, 'secure-redis', path)
  const run = (words: string): Promise<Finished> => secureCache(words.split(' '), { cwd: folder.path })
  const shown = async (): Promise<readonly CertificateFacts[]> =>
    JSON.parse((await run('certs show --json')).stdout) as CertificateFacts[]

  it('shows expiry, names, fingerprint, chain and key of each certificate', async () => {
    const { stdout, code } = await run('certs show')
    expect(code).to.equal(0)
    expect(stdout).to.match(/^tls\/server\.crt\n {2}subject {6}CN=redis\n {2}names {8}DNS:redis, /m)
    const server = (await shown()).find(({ path }) => path === 'tls/server.crt')
    expect(server).to.include({ chain: true, keyFits: true })
    expect(server?.daysLeft).to.be.within(363, 365)
    expect(server?.fingerprint).to.match(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/)
    expect(stdout).not.to.include('PRIVATE')
  })

  it('tells of a key that does not belong, with exit code 1 @once', async () => {
    const key = await readFile(at('app/client.key'), 'utf8')
    await copyFile(at('app/client.key'), at('app/saved'))
    try {
      await copyFile(at('tls/server.key'), at('app/client.key'))
      const { stdout, code } = await run('certs show')
      expect(code).to.equal(1)
      expect(stdout).to.include('does not belong to its key')
    } finally {
      await copyFile(at('app/saved'), at('app/client.key'))
    }
    expect(await readFile(at('app/client.key'), 'utf8')).to.equal(key)
  })

  it('counts the days left by its clock @once', async () => {
    const later = Date.now() + 400 * 24 * 60 * 60 * 1000
    const facts = await certificatesIn(join(folder.path, 'secure-redis'), later)
    expect(facts.find(({ path }) => path === 'tls/server.crt')?.daysLeft).to.be.within(-37, -35)
    expect(facts.find(({ path }) => path === 'tls/ca.crt')?.daysLeft).to.be.greaterThan(3000)
  })

  it('keeps what is valid, and renews everything under the same authority when asked @once', async () => {
    const valid = await shown()
    expect((await run('certs renew')).code).to.equal(0)
    expect(await shown()).to.deep.equal(valid)
    expect((await run('certs renew --all')).code).to.equal(0)
    const renewed = new Map((await shown()).map(({ path, fingerprint }) => [path, fingerprint]))
    for (const { path, fingerprint } of valid)
      expect(renewed.get(path) === fingerprint, path).to.equal(path.endsWith('ca.crt'))
    expect(misfits(await contentsOf(join(folder.path, 'secure-redis')))).to.deep.equal([])
  })

  it('says so where there is nothing to show @once', async () => {
    const { code, stderr } = await run('certs show --out nowhere')
    expect(code).to.equal(2)
    expect(stderr).to.match(/^error: there are no certificates[^]*hint: /)
  })
})
