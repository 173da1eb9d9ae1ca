import { chmod, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { generateConfig, type GenerateResult } from '../../generators/index.js'
import { finishInterrupted, replaceTogether } from '../../generators/staging.js'
import { ConfigError } from '../../lib/errors.js'
import type { Settings } from '../../lib/settings/settings.js'
import { contentsOf, misfits, modeOf } from '../support/folder-contents.js'
import { freshSettings, temporaryFolder } from '../support/generated-folder.js'

describe('write', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let settings: Settings

  beforeEach(async () => {
    folder = await temporaryFolder()
    settings = await freshSettings()
  })
  afterEach(() => folder.remove())

  const at = (path: string): string => join(folder.path, path)
  const generate = (options: { force?: boolean; settings?: Settings } = {}): Promise<GenerateResult> =>
    generateConfig({ settings, out: folder.path, target: 'local', ...options })

  async function refusal(action: Promise<unknown>): Promise<ConfigError> {
    const error: unknown = await action.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (!(error instanceof ConfigError)) throw new TypeError('expected a ConfigError')
    expect(error.code).to.equal('ERR_CONFIG_FILES')
    return error
  }

  it('writes identical bytes for the same settings, and says that nothing changed', async () => {
    await generate()
    const first = await contentsOf(folder.path)
    const again = await generate()
    expect(new Set(again.files.map(({ state }) => state))).to.deep.equal(new Set(['unchanged']))
    expect(await contentsOf(folder.path)).to.deep.equal(first)
    expect(misfits(first)).to.deep.equal([])
  })

  it('lets nobody else read what it writes, whatever the umask', async () => {
    const umask = process.umask(0)
    try {
      await generate()
    } finally {
      process.umask(umask)
    }
    for (const directory of ['conf', 'tls', 'secrets', 'app', 'operator', 'data']) {
      expect(await modeOf(at(directory)), directory).to.equal(0o700)
    }
    for (const path of (await contentsOf(folder.path)).keys()) {
      const secret = /\.key$|_(?:password|key|token)$|^conf\/|^\.env\.|generated\.json$/.test(path)
      expect(await modeOf(at(path)), path).to.equal(secret ? 0o600 : 0o644)
    }
  })

  it('tightens modes that were loosened', async () => {
    await generate()
    await chmod(at('tls/server.key'), 0o644)
    await chmod(at('tls'), 0o755)
    const { files } = await generate()
    expect(files.filter(({ state }) => state !== 'unchanged').map(({ path }) => path)).to.deep.equal([
      'tls/server.key',
    ])
    expect(await modeOf(at('tls/server.key'))).to.equal(0o600)
    expect(await modeOf(at('tls'))).to.equal(0o700)
  })

  it('refuses to overwrite a file changed by hand, and then changes nothing else either', async () => {
    await generate()
    await writeFile(at('conf/redis.conf'), '# mine\n')
    const before = await contentsOf(folder.path)
    const other = await freshSettings()
    const error = await refusal(generate({ settings: other }))
    expect(error.problems).to.deep.equal([{ name: 'conf/redis.conf', message: 'was changed by hand since' }])
    expect(await contentsOf(folder.path)).to.deep.equal(before)
  })

  it('overwrites it with force, and follows its own file again afterwards', async () => {
    await generate()
    await writeFile(at('conf/redis.conf'), '# mine\n')
    const forced = await generate({ force: true })
    expect(forced.files.find(({ path }) => path === 'conf/redis.conf')?.state).to.equal('overwritten')
    const { files } = await generate({ settings: await freshSettings() })
    expect(files.find(({ path }) => path === 'conf/users.acl')?.state).to.equal('updated')
  })

  it('refuses to overwrite a file that it never wrote', async () => {
    await mkdir(at('conf'))
    await writeFile(at('conf/redis.conf'), 'port 6379\n')
    const error = await refusal(generate())
    expect(error.message).to.include('conf/redis.conf was not written by this generator')
    expect(await readFile(at('conf/redis.conf'), 'utf8')).to.equal('port 6379\n')
  })

  it('treats every file as somebody else’s where its record of them is damaged', async () => {
    await generate()
    await writeFile(at('.generated.json'), '{"files": {"conf/redis.conf": 7, "conf')
    await refusal(generate({ settings: await freshSettings({ REDIS_MAX_MEMORY: '300mb' }) }))
  })

  it('keeps passwords that it made, and follows the settings where they name others', async () => {
    await generate()
    const kept = await readFile(at('operator/admin_password'), 'utf8')
    const other = await freshSettings({ REDIS_HEALTH_PASSWORD: 'another-health-password-9f3k' })
    await generate({ settings: other })
    expect(await readFile(at('operator/admin_password'), 'utf8')).to.equal(kept)
    expect(await readFile(at('secrets/health_password'), 'utf8')).to.equal('another-health-password-9f3k\n')
    expect(misfits(await contentsOf(folder.path))).to.deep.equal([])
  })

  it('makes a new password where its file was deleted', async () => {
    await generate()
    const old = await readFile(at('operator/admin_password'), 'utf8')
    await rm(at('operator/admin_password'))
    await generate()
    expect(await readFile(at('operator/admin_password'), 'utf8')).not.to.equal(old)
    expect(misfits(await contentsOf(folder.path))).to.deep.equal([])
  })

  it('does not write through links, to files or to folders', async () => {
    const elsewhere = await temporaryFolder()
    try {
      await symlink(elsewhere.path, at('operator'))
      expect((await refusal(generate())).message).to.include('operator is a link')
      await rm(at('operator'))
      await mkdir(at('conf'))
      await writeFile(join(elsewhere.path, 'target'), 'precious')
      await symlink(join(elsewhere.path, 'target'), at('conf/redis.conf'))
      expect((await refusal(generate({ force: true }))).message).to.include('conf/redis.conf is a link')
      expect(await readdir(elsewhere.path)).to.deep.equal(['target'])
      expect(await readFile(join(elsewhere.path, 'target'), 'utf8')).to.equal('precious')
    } finally {
      await elsewhere.remove()
    }
  })

  it('lets two runs at once end one after the other, with one consistent output', async () => {
    const settled = await Promise.all([generate(), generate()])
    expect(settled).to.have.length(2)
    expect(misfits(await contentsOf(folder.path))).to.deep.equal([])
    expect((await generate()).files.every(({ state }) => state === 'unchanged')).to.equal(true)
  })

  it('keeps what the application must not have out of its folder', async () => {
    await generate()
    const contents = await contentsOf(folder.path)
    const application = [...contents].filter(([path]) => path.startsWith('app/'))
    expect(application.map(([path]) => path)).to.have.members([
      'app/ca.crt',
      'app/cache_password',
      'app/client.crt',
      'app/client.key',
      'app/encryption_key',
      'app/maintenance_password',
      'app/monitor_password',
      'app/status_token',
    ])
    const others = ['operator/ca.key', 'operator/admin_password', 'operator/operator_password']
    for (const [path, text] of contents) {
      if (path.startsWith('operator/')) continue
      for (const other of others) expect(text, path).not.to.include((contents.get(other) ?? '').trim())
    }
  })

  describe('after a run that was killed', () => {
    it('discards what was not decided yet', async () => {
      await generate()
      const before = await contentsOf(folder.path)
      await mkdir(at('.pending'))
      await writeFile(at('.pending/0'), 'half of redis.conf')
      await generate()
      expect(await contentsOf(folder.path)).to.deep.equal(before)
    })

    it('completes what was decided, from the first file to the last', async () => {
      await generate()
      const before = await contentsOf(folder.path)
      // What a run with other settings would have put in place, stopped after each of its renames.
      await generate({ settings: await freshSettings({ REDIS_MAX_MEMORY: '300mb' }) })
      const wanted = await contentsOf(folder.path)
      const changed = [...wanted].filter(([path, text]) => before.get(path) !== text)
      expect(changed.length).to.be.greaterThan(3)
      for (let done = 0; done <= changed.length; done += 1) {
        await rm(at('.pending'), { recursive: true, force: true })
        for (const [path, text] of before) await writeFile(at(path), text)
        await mkdir(at('.pending'))
        for (const [index, [, text]] of changed.entries()) await writeFile(at(`.pending/${index}`), text)
        await writeFile(at('.pending/commit.json'), JSON.stringify(changed.map(([path]) => path)))
        for (let index = 0; index < done; index += 1) {
          await rename(at(`.pending/${index}`), at(changed[index]?.[0] ?? ''))
        }
        await finishInterrupted({ out: folder.path })
        expect(await contentsOf(folder.path), String(done)).to.deep.equal(wanted)
      }
    })

    it('is not led out of the folder by a forged record', async () => {
      await generate()
      const before = await contentsOf(folder.path)
      for (const path of ['../outside', '/tmp/outside', 'conf/../../outside', 'a/b/c', '']) {
        await mkdir(at('.pending'))
        await writeFile(at('.pending/0'), 'evil')
        await writeFile(at('.pending/commit.json'), JSON.stringify([path]))
        await generate()
        expect(await contentsOf(folder.path), path).to.deep.equal(before)
      }
    })

    it('leaves old files untouched where staging itself fails', async () => {
      await generate()
      const before = await contentsOf(folder.path)
      const files = [
        { path: 'conf/redis.conf', text: 'new\n', mode: 0o600 },
        { path: 'conf/users.acl', text: 'new\n', mode: 0o600, owner: { uid: -5, gid: -5 } },
      ]
      const error: unknown = await replaceTogether({ out: folder.path }, files).catch(
        (reason: unknown) => reason,
      )
      expect(error).to.be.instanceOf(Error)
      await generate()
      expect(await contentsOf(folder.path)).to.deep.equal(before)
    })
  })
})
