import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { secureCache, type Finished } from '../support/command-line.js'
import { temporaryFolder } from '../support/generated-folder.js'

describe('secure-cache', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>

  before(async () => {
    folder = await temporaryFolder()
  })
  after(() => folder.remove())

  const run = (...words: string[]): Promise<Finished> => secureCache(words, { cwd: folder.path })

  it('explains itself and each command, and exits 0', async () => {
    for (const words of [['--help'], ['init', '--help'], ['generate-config', '--help']]) {
      const { code, stdout } = await run(...words)
      expect(code, words.join(' ')).to.equal(0)
      expect(stdout).to.match(/^Usage: secure-cache/)
    }
    expect((await run('--version')).stdout).to.match(/^\d+\.\d+\.\d+/)
  })

  it('exits 2 for wrong use, with the error and then a hint, and nothing on stdout @once', async () => {
    for (const words of [
      ['frobnicate'],
      ['init', '--frobnicate'],
      ['generate-config', '--target', 'moon'],
      ['generate-config', '--settings', 'missing.env'],
      ['init', '--port', '99999'],
      ['init', 'surplus'],
    ]) {
      const { code, stdout, stderr } = await run(...words)
      expect(code, words.join(' ')).to.equal(2)
      expect(stdout).to.equal('')
      expect(stderr).to.match(/^error: .+\n(?:.*\n)*hint: .+\n$/)
    }
  })

  it('exits 2 and shows what there is where no command is given @once', async () => {
    const { code, stderr } = await run()
    expect(code).to.equal(2)
    expect(stderr).to.include('Commands:')
  })
})
