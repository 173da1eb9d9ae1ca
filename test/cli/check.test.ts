import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { PROBLEM_PATTERN } from '../../lib/audit/report.js'
import { RULES } from '../../lib/audit/rules.js'
import { secureCache, type Finished } from '../support/command-line.js'
import { temporaryFolder } from '../support/generated-folder.js'

describe('secure-cache check and explain', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>

  beforeEach(async () => {
    folder = await temporaryFolder()
  })
  afterEach(() => folder.remove())

  const run = (...words: readonly string[]): Promise<Finished> => secureCache(words, { cwd: folder.path })

  async function place(name: string, text: string, mode = 0o600): Promise<void> {
    const path = join(folder.path, name)
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, text)
    await chmod(path, mode)
  }

  it('find nothing in what init has just made, environment file included', async () => {
    await run('init')
    const { code, stdout, stderr } = await run('check')
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: '' })
    expect(stderr).to.match(/^\d+ files checked: 0 errors, 0 warnings, 0 info\n$/)
  })

  it('look at the environment file beside the generated folder @once', async () => {
    await run('init')
    await chmod(join(folder.path, '.env'), 0o644)
    const { code, stdout } = await run('check')
    expect(code).to.equal(1)
    expect(stdout).to.match(/^\.env:1:1: error: .*\[FIL-001\]\n$/)
  })

  it('print a line for each error on stdout, talk on stderr, and exit with 1 @once', async () => {
    await place('deploy/users.acl', 'user default on nopass ~* &* +@all\n')
    const { code, stdout, stderr } = await run('check', 'deploy')
    expect(code).to.equal(1)
    const lines = stdout.trimEnd().split('\n')
    expect(lines.map((line) => PROBLEM_PATTERN.exec(line)?.slice(1, 4).join(':'))).to.deep.equal([
      'deploy/users.acl:1:14',
      'deploy/users.acl:1:17',
      'deploy/users.acl:1:24',
      'deploy/users.acl:1:27',
      'deploy/users.acl:1:30',
    ])
    expect(stderr).to.equal(
      '1 file checked: 4 errors, 1 warning, 0 info\nhint: secure-cache explain <ID> says why, and what to do\n',
    )
  })

  it('exit with 0 where nothing is worse than a warning @once', async () => {
    const hash = 'a'.repeat(64)
    await place('users.acl', `user default off resetchannels -@all\nuser app on #${hash} ~app* -@all +get\n`)
    const { code, stdout } = await run('check', '.')
    expect(code).to.equal(0)
    expect(stdout).to.match(/^users\.acl:2:79: warning: .*\[ACL-012\]\n$/)
  })

  it('print JSON and SARIF as one document each @once', async () => {
    await place('users.acl', 'user default on nopass ~* &* +@all\n')
    for (const format of ['json', 'sarif']) {
      const { code, stdout } = await run('check', '.', '--format', format)
      expect(code).to.equal(1)
      expect(JSON.parse(stdout)).to.be.an('object')
    }
  })

  it('judge for the version that is asked for @once', async () => {
    await place('users.acl', 'user default off resetchannels -@all\nuser app off +hexpire\n')
    expect((await run('check', '.', '--redis-version', '7.4')).code).to.equal(0)
    const { code, stdout } = await run('check', '.', '--redis-version', '7.2')
    expect(code).to.equal(1)
    expect(stdout).to.match(/^users\.acl:2:14: error: hexpire is unknown to Redis 7\.2: .* \[ACL-019\]\n$/)
  })

  for (const [why, words] of Object.entries({
    'a folder that is not there': ['check', 'nowhere'],
    'a folder without anything to check': ['check', '.'],
    'a format nobody knows': ['check', '.', '--format', 'xml'],
    'a version that is none': ['check', '.', '--redis-version', 'new'],
    'a second folder': ['check', '.', '.'],
    'a rule that is none': ['explain', 'AUT-999'],
  })) {
    it(`exit with 2 for ${why}, and say what to do @once`, async () => {
      const { code, stdout, stderr } = await run(...words)
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' })
      expect(stderr).to.match(/^error: .+\n(?:.*\n)*hint: .+\n$/)
    })
  }

  it('explain a rule in full, in upper or lower case @once', async () => {
    const { code, stdout } = await run('explain', 'aut-002')
    expect(code).to.equal(0)
    expect(stdout).to.match(/^AUT-002: aclfile without a line for the default user \(critical\)\n/)
    for (const name of ['why', 'exploit', 'remedy', 'files', 'server', 'see']) {
      expect(stdout).to.match(new RegExp(`^${name} +\\S`, 'm'))
    }
  })

  it('list every rule @once', async () => {
    const { stdout } = await run('explain')
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(0, 7)),
    ).to.deep.equal(RULES.map(({ id }) => id))
  })

  it('suggest the rule that was meant @once', async () => {
    expect((await run('explain', 'CMP-24')).stderr).to.match(/^hint: did you mean CMP-\d{3}\?/m)
  })
})
