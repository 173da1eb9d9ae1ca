import { chmod, chown, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { replaceFile } from '../../cli/replaced-file.js'
import { temporaryFolder } from '../support/generated-folder.js'

const GROUP = 4321

describe('a file of the deployment that is written anew @once', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  const isRoot = process.geteuid?.() === 0

  before(async () => {
    folder = await temporaryFolder()
  })
  after(() => folder.remove())

  const at = (name: string): string => join(folder.path, name)
  const put = async (name: string, mode: number): Promise<string> => {
    await writeFile(at(name), 'old\n')
    await chmod(at(name), mode)
    if (isRoot) await chown(at(name), 0, GROUP)
    return at(name)
  }
  const seen = async (path: string): Promise<readonly [string, number, number]> => {
    const { mode, gid } = await stat(path)
    return [await readFile(path, 'utf8'), mode & 0o777, gid]
  }

  it('keeps its owner, its group and what they may do', async () => {
    const path = await put('key', 0o640)
    const { gid } = await stat(path)
    await replaceFile(path, 'new\n')
    expect(await seen(path)).to.deep.equal(['new\n', 0o640, gid])
    if (isRoot) expect(gid).to.equal(GROUP)
  })

  it('is nothing for others, whatever it was', async () => {
    const path = await put('open', 0o644)
    await replaceFile(path, 'new\n')
    expect((await seen(path))[1]).to.equal(0o640)
  })

  it('has the readers of the one beside it where it was not there, and else its owner alone', async () => {
    const beside = await put('beside', 0o440)
    await replaceFile(at('accepted'), 'new\n', beside)
    expect(await seen(at('accepted'))).to.deep.equal(['new\n', 0o440, (await stat(beside)).gid])
    await replaceFile(at('alone'), 'new\n')
    expect((await seen(at('alone')))[1]).to.equal(0o600)
  })
})
