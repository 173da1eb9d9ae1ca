import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { secureCache, type Finished } from '../support/command-line.js'
import { contentsOf } from '../support/folder-contents.js'
import { temporaryFolder } from '../support/generated-folder.js'

describe('secure-cache generate-config, when it only shows @once', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let written: ReadonlyMap<string, string>

  before(async () => {
    folder = await temporaryFolder()
    await run('init')
    written = await contentsOf(folder.path)
  })
  after(() => folder.remove())

  const at = (path: string): string => join(folder.path, path)
  const run = (words: string, env: Record<string, string> = {}): Promise<Finished> =>
    secureCache(words.split(' '), { cwd: folder.path, env: { NO_COLOR: '1', ...env } })

  it('prints one file as it would be written, and nothing else on stdout', async () => {
    for (const name of ['conf/redis.conf', 'docker-compose.dev.yml', 'README.md']) {
      const { stdout, code } = await run(`generate-config --stdout ${name}`)
      expect(code).to.equal(0)
      expect(stdout).to.equal(written.get(`secure-redis/${name}`))
    }
  })

  it('prints no secret file, and says which files it can print', async () => {
    for (const name of ['app/cache_password', 'tls/server.key', '.env.production', 'conf/users.acl']) {
      const { stdout, stderr, code } = await run(`generate-config --stdout ${name}`)
      expect([code, stdout], name).to.deep.equal([2, ''])
      expect(stderr, name).to.match(/is secret/)
    }
    const wrong = await run('generate-config --stdout redis.conf')
    expect(wrong.code).to.equal(2)
    expect(wrong.stderr).to.include('conf/redis.conf').and.not.include('_password')
  })

  it('tells files, states and modes as JSON, and no content', async () => {
    const { stdout, code } = await run('generate-config --json')
    expect(code).to.equal(0)
    const summary = JSON.parse(stdout) as { target: string; files: { path: string; state: string }[] }
    expect(summary.target).to.equal('container')
    expect(summary.files).to.deep.include({
      path: 'conf/redis.conf',
      place: 'output',
      state: 'unchanged',
      mode: '0600',
    })
    expect(summary.files.find(({ path }) => path === '.vscode/tasks.json')).to.include({
      place: 'project',
      state: 'unchanged',
    })
    expect(Object.keys(summary.files[0] ?? {})).to.deep.equal(['path', 'place', 'state', 'mode'])
  })

  it('shows what would change in server configuration, and hides passwords in lines changed by hand', async () => {
    expect((await run('generate-config --diff')).stdout).to.equal('')
    const conf = at('secure-redis/conf/redis.conf')
    const original = await readFile(conf, 'utf8')
    try {
      await appendFile(conf, 'requirepass canary-of-the-diff\n# \u001B[31mred\n')
      const { stdout, code } = await run('generate-config --diff')
      expect(code).to.equal(0)
      expect(stdout).to.match(/^-requirepass \[secret\]$/m)
      for (const text of ['canary', '\u001B']) expect(stdout).not.to.include(text)
      expect(await readFile(conf, 'utf8'), 'nothing is written').to.include('canary')
      const coloured = await run('generate-config --diff', { FORCE_COLOR: '1', NO_COLOR: '' })
      expect(coloured.stdout).to.include('\u001B[31m-requirepass')
    } finally {
      await writeFile(conf, original)
    }
  })

  it('names secret files that would change, and does not show them', async () => {
    const password = at('secure-redis/app/cache_password')
    const original = await readFile(password, 'utf8')
    try {
      await writeFile(password, 'another-canary-password-here\n')
      const { stdout } = await run('generate-config --diff')
      expect(stdout).to.include('overwritten app/cache_password (secret: not shown)')
      for (const text of ['canary', original.trim()]) expect(stdout).not.to.include(text)
    } finally {
      await writeFile(password, original)
    }
  })
})
