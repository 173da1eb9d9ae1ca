import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'

const script = join(import.meta.dirname, '..', '..', '..', 'scripts', 'install-test-needs.mjs')

describe('scripts/install-test-needs @once', () => {
  let path: string
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'secure-cache-needs-'))
  })
  afterEach(() => rmSync(path, { recursive: true, force: true }))

  it('says which line to type where it may not install', () => {
    const { status, stderr } = installOnPath()
    expect(status).to.equal(1)
    expect(stderr).to.contain('error: the tests need redis-server')
    expect(stderr).to.contain('apt-get install --no-install-recommends redis-server')
  })

  it('goes on without a browser', () => {
    writeFileSync(join(path, 'redis-server'), '', { mode: 0o755 })
    const { status, stderr } = installOnPath()
    expect(status).to.equal(0)
    expect(stderr).to.contain('note: the tests need chromium')
  })

  /** The whole PATH is one folder of ours: neither the programs nor apt-get are found but there. */
  function installOnPath(): { status: number | null; stderr: string } {
    return spawnSync(process.execPath, [script], { encoding: 'utf8', env: { PATH: path } })
  }
})
