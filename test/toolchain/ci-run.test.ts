import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'

const root = join(import.meta.dirname, '..', '..', '..')

/** Answers to npm's commands, as shell code; `exec` tells the two Node versions and runs their tests. */
const FINE = {
  ci: 'echo added 400 packages',
  test: 'echo "  120 passing (4s)"',
  exec: `case "$*" in *--version*) echo v22.1.0 ;; *"run-tests.mjs --invert --fgrep @once"*) echo "  110 passing (2s)" ;; esac`,
}

describe('.ci/run @once', () => {
  let clone: string
  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'secure-cache-ci-'))
    for (const folder of ['.ci', 'bin', 'dist']) mkdirSync(join(clone, folder))
    copyFileSync(join(root, '.ci', 'run'), join(clone, '.ci', 'run'))
    writeFileSync(join(clone, 'dist', '.built'), '')
  })
  afterEach(() => rmSync(clone, { recursive: true, force: true }))

  it('adds up what ran on all versions of Node, less what says the same on each', () => {
    expect(runCi(FINE)).to.deep.equal({ status: 0, lastLine: '340 passed, 0 failed' })
  })

  it('fails for a failing test, and runs the other versions all the same', () => {
    const test = 'echo "  118 passing (4s)"; echo "  2 failing"; exit 2'
    expect(runCi({ ...FINE, test })).to.deep.equal({ status: 1, lastLine: '338 passed, 2 failed' })
  })

  it('counts what fails before a test runs, such as the linter', () => {
    const test = 'echo "Found 3 errors."; exit 1'
    expect(runCi({ ...FINE, test })).to.deep.equal({ status: 1, lastLine: '220 passed, 1 failed' })
  })

  it('does without a version that the registry does not have', () => {
    expect(runCi({ ...FINE, exec: 'exit 1' })).to.deep.equal({ status: 0, lastLine: '120 passed, 0 failed' })
  })

  it('fails where nothing ran', () => {
    expect(runCi({ ...FINE, ci: 'exit 1' })).to.deep.equal({ status: 1, lastLine: '0 passed, 1 failed' })
    expect(runCi({ ...FINE, test: 'true', exec: 'exit 1' })).to.deep.equal({
      status: 1,
      lastLine: '0 passed, 0 failed',
    })
  })

  function runCi(answers: typeof FINE): { status: number | null; lastLine: string | undefined } {
    const cases = Object.entries(answers).map(([command, code]) => `${command}) shift; ${code} ;;`)
    const npm = `#!/bin/bash\ncase "$1" in\n${cases.join('\n')}\nesac\n`
    writeFileSync(join(clone, 'bin', 'npm'), npm, { mode: 0o755 })
    const { status, stdout } = spawnSync('bash', ['.ci/run'], {
      cwd: clone,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${join(clone, 'bin')}:${process.env['PATH'] ?? ''}` },
    })
    return { status, lastLine: stdout.trimEnd().split('\n').at(-1) }
  }
})
