import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'

const root = join(import.meta.dirname, '..', '..', '..')

describe('scripts/prepare @once', () => {
  let clone: string
  const inClone = (...path: readonly string[]): string => join(clone, ...path)

  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'secure-cache-prepare-'))
    mkdirSync(inClone('scripts'))
    mkdirSync(inClone('lib'))
    for (const file of ['scripts/prepare.mjs', 'package.json', 'package-lock.json']) {
      copyFileSync(join(root, file), inClone(file))
    }
    symlinkSync(join(root, 'node_modules'), inClone('node_modules'))
    writeFileSync(
      inClone('tsconfig.json'),
      JSON.stringify({
        compilerOptions: { rootDir: '.', outDir: 'dist', module: 'node20', types: [], incremental: true },
        include: ['lib'],
      }),
    )
    writeFileSync(inClone('lib', 'one.ts'), 'export const one = 1\n')
    writeFileSync(inClone('lib', 'two.ts'), 'export const two = 2\n')
  })

  afterEach(() => rmSync(clone, { recursive: true, force: true }))

  it('builds what was never built, and does nothing the second time', () => {
    expect(prepare()).to.deep.include({ status: 0, said: 'prepare: building (tsc)\n' })
    expect(readFileSync(inClone('dist', 'lib', 'one.js'), 'utf8')).to.contain('one = 1')
    expect(prepare()).to.deep.include({ status: 0, said: '' })
  })

  it('builds again when a source is newer than the last build', () => {
    prepare()
    writeFileSync(inClone('lib', 'one.ts'), 'export const one = 11\n')
    const soon = new Date(Date.now() + 1000)
    utimesSync(inClone('lib', 'one.ts'), soon, soon)
    expect(prepare().status).to.equal(0)
    expect(readFileSync(inClone('dist', 'lib', 'one.js'), 'utf8')).to.contain('one = 11')
  })

  it('removes the output of a source that is gone, so that no deleted test runs', () => {
    prepare()
    rmSync(inClone('lib', 'two.ts'))
    expect(prepare().status).to.equal(0)
    expect(existsSync(inClone('dist', 'lib', 'two.js'))).to.equal(false)
    expect(existsSync(inClone('dist', 'lib', 'one.js'))).to.equal(true)
  })

  it('fails, and tries again the next time, when the build fails', () => {
    writeFileSync(inClone('lib', 'one.ts'), 'export const one: string = 1\n')
    const { status, said } = prepare()
    expect(status).to.equal(1)
    expect(said).to.contain('lib/one.ts').and.to.contain('error:')
    expect(prepare().status).to.equal(1)
  })

  it('leaves the folder behind a link alone when its packages differ from the lock file', () => {
    const lock = JSON.parse(readFileSync(inClone('package-lock.json'), 'utf8')) as {
      packages: Record<string, { version: string }>
    }
    lock.packages['node_modules/ioredis'] = { version: '0.0.1' }
    writeFileSync(inClone('package-lock.json'), JSON.stringify(lock))
    const { status, said } = prepare()
    expect(status).to.equal(1)
    expect(said).to.contain('node_modules is a link').and.to.contain('npm ci')
    expect(existsSync(join(root, 'node_modules', 'ioredis'))).to.equal(true)
  })

  function prepare(): { status: number | null; said: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/prepare.mjs'], {
      cwd: clone,
      encoding: 'utf8',
    })
    expect(stdout, 'standard output belongs to the command that follows').to.equal('')
    return { status, said: stderr }
  }
})
