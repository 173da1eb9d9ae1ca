import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { makeFolder } from '../../../lib/migration/folder.js'
import { rejection } from '../../support/rejection.js'

describe('a folder that is made @once', () => {
  let base: string

  before(async () => {
    base = await mkdtemp(join(tmpdir(), 'folder-'))
  })
  after(() => rm(base, { recursive: true, force: true }))

  it('is there afterwards, with those above it, for its owner alone', async () => {
    const path = join(base, 'a', 'b')
    await Promise.all([makeFolder(path), makeFolder(path)])
    await makeFolder(path)
    for (const each of [path, join(base, 'a')]) expect((await stat(each)).mode & 0o777).to.equal(0o700)
  })

  it('is refused, and not tried for ever, where none can be', async () => {
    await writeFile(join(base, 'file'), '')
    expect(await rejection(makeFolder(join(base, 'file')))).to.have.property('code', 'ENOTDIR')
    expect(await rejection(makeFolder(join(base, 'file', 'in')))).to.have.property('code', 'ENOTDIR')
    expect(await rejection(makeFolder('/proc/nowhere/in'))).to.have.property('code')
  })
})
