import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { after, before, describe, it } from 'mocha'
import { isIgnored, parseGitignore } from '../../../lib/audit/formats/gitignore.js'

const PATHS = [
  '.env',
  'a/.env',
  'a/b/.env',
  'a/secrets/key',
  'secrets/key',
  'foo.key',
  'a/foo.key',
  'x[1].key',
  'a/b/c/d.pem',
]

/** Texts of .gitignore, of patterns that are usual and of some that nobody writes. */
const TEXTS = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '.env',
        '*.key',
        '/foo.key',
        'a/',
        '/a/',
        'secrets',
        'secrets/',
        '**/secrets',
        'a/**',
        '**/b/**',
        'a/*',
        'a/**/d.pem',
        '*',
        '!*',
        '!.env',
        '!a/',
        '!a/.env',
        '# note',
        '',
        '\\#x',
        '\\!x',
        'x\\[1\\].key',
        '.en?',
        '.en[v]',
        '.en[!x]',
        '.e[a-z]v',
        '[',
        'a/b',
        'b',
        '/b',
        'a//b',
        '/',
        '**',
        '/**',
        '*.k*y',
        'foo.key   ',
      ),
      fc
        .array(fc.constantFrom('a', 'b', '*', '**', '/', '?', '.', 'env', 'key', '/**/', '[ab]', '\\a'), {
          maxLength: 7,
        })
        .map((parts) => parts.join('')),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((lines) => `${lines.join('\n')}\n`)

describe('.gitignore', () => {
  let folder: string

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'secure-cache-ignore-'))
    execFileSync('git', ['init', '-q', folder])
  })
  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  /** Which of the paths git ignores, relative to the repository. */
  function ignoredByGit(paths: readonly string[]): ReadonlySet<string> {
    const input = paths.join('\0')
    const { stdout } = spawnSync('git', ['-C', folder, 'check-ignore', '--no-index', '--stdin', '-z'], {
      input,
      encoding: 'utf8',
      maxBuffer: 2 ** 24,
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
    })
    return new Set(stdout.split('\0').filter((path) => path !== ''))
  }

  it('ignores what git ignores @once', () => {
    const texts = ['/a**\n', 'a**/*\n', '***/**/\n', '*****/a\n', ...fc.sample(TEXTS, 800)]
    for (const [index, text] of texts.entries()) {
      mkdirSync(join(folder, `t${index}`))
      writeFileSync(join(folder, `t${index}`, '.gitignore'), text)
    }
    const ignored = ignoredByGit(texts.flatMap((_, index) => PATHS.map((path) => `t${index}/${path}`)))
    for (const [index, text] of texts.entries()) {
      const patterns = parseGitignore(text)
      for (const path of PATHS) {
        const ours = isIgnored([{ patterns, path }])
        expect(ours, `${path} under ${JSON.stringify(text)}`).to.equal(ignored.has(`t${index}/${path}`))
      }
    }
  })

  it('lets a deeper file take back what a higher one ignores', () => {
    const layers = [
      { patterns: parseGitignore('*.key\n'), path: 'a/foo.key' },
      { patterns: parseGitignore('!foo.key\n'), path: 'foo.key' },
    ]
    expect(isIgnored(layers)).to.equal(false)
    expect(isIgnored(layers.slice(0, 1))).to.equal(true)
  })

  it('answers in a moment, however many stars a pattern has', () => {
    const started = performance.now()
    const patterns = parseGitignore(`${'*a'.repeat(500)}b\n${'**/'.repeat(500)}x\n`)
    expect(isIgnored([{ patterns, path: `${'a'.repeat(2000)}/${'a/'.repeat(500)}c` }])).to.equal(false)
    expect(performance.now() - started).to.be.below(5000)
  })
})
