import { expect } from 'chai'
import { chmod, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fork } from 'node:child_process'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { devKey, processKey } from '../../lib/dev-key.js'

describe('the key of dev mode', () => {
  let folder: string
  let path: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'secure-cache-dev-key-'))
    path = join(folder, '.secure-cache', 'dev-key')
  })

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  it('is made once, for its owner alone, and read from then on', async () => {
    const first = devKey(folder)
    expect(first.reveal()).to.match(/^[0-9a-f]{64}$/)
    expect(devKey(folder).reveal()).to.equal(first.reveal())
    expect((await stat(path)).mode & 0o777).to.equal(0o600)
    expect((await stat(join(folder, '.secure-cache'))).mode & 0o777).to.equal(0o700)
    expect(await readdir(join(folder, '.secure-cache'))).to.deep.equal(['dev-key'])
  })

  it('is one for processes that start together', async () => {
    const module = new URL('../support/print-dev-key.js', import.meta.url)
    const keys = await Promise.all(
      Array.from(
        { length: 4 },
        () =>
          new Promise<string>((resolve, reject) => {
            const child = fork(module, [folder], { silent: true })
            let text = ''
            child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
            child.on('error', reject)
            child.on('close', () => {
              resolve(text)
            })
          }),
      ),
    )
    expect(new Set(keys).size).to.equal(1)
    expect(keys[0]).to.equal(devKey(folder).reveal())
  })

  it('is refused where others may read it, where it is no key, and where it is no file', async () => {
    devKey(folder)
    await chmod(path, 0o640)
    expect(() => devKey(folder)).to.throw(/chmod 600/)
    for (const text of ['', 'short', 'g'.repeat(64)]) {
      await writeFile(path, text, { mode: 0o600 })
      await chmod(path, 0o600)
      expect(() => devKey(folder))
        .to.throw(/64 hex digits/)
        .with.property('code', 'ERR_CONFIG_INVALID')
    }
    await rm(path)
    await symlink('/etc/hostname', path)
    expect(() => devKey(folder)).to.throw(/regular file/)
  })

  it('tells what to do where the folder cannot be used', async () => {
    await writeFile(join(folder, '.secure-cache'), 'in the way')
    expect(() => devKey(folder))
      .to.throw(/REDIS_ENCRYPTION_KEY/)
      .with.property('code', 'ERR_CONFIG_INVALID')
  })

  it('of a process is another one each time', () => {
    expect(processKey().reveal())
      .to.match(/^[0-9a-f]{64}$/)
      .and.not.to.equal(processKey().reveal())
  })
})
