import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'

const root = join(import.meta.dirname, '..', '..', '..')

/** Who may import whom: from a file, what the linter lets through and what it refuses. */
const IMPORTS: readonly { from: string; allowed: readonly string[]; refused: readonly string[] }[] = [
  {
    from: 'lib/errors.ts',
    allowed: ['./events.js', './settings/settings.js'],
    refused: ['./cache.js', './crypto/envelope.js', './redis/connection.js', '../cli/print.js'],
  },
  {
    from: 'lib/settings/read.ts',
    allowed: ['../errors.js', './table.js', '../crypto/key-ring.js'],
    refused: ['../redis/connection.js', '../crypto/envelope.js', '../create.js', '../../cli/print.js'],
  },
  {
    from: 'lib/crypto/envelope.ts',
    allowed: ['./xaes.js', '../errors.js', '../settings/secret.js'],
    refused: ['../redis/connection.js', '../store.js', '../monitor/checks.js', 'ioredis', 'express'],
  },
  {
    from: 'lib/access/roles.ts',
    allowed: ['../errors.js', '../redis/versions.js'],
    refused: ['../redis/connection.js', '../crypto/key-ring.js', '../audit/rules.js'],
  },
  {
    from: 'lib/redis/redis-store.ts',
    allowed: ['../store.js', '../deadline.js', '../access/roles.js', './connection.js', 'ioredis'],
    refused: ['../crypto/envelope.js', '../monitor/checks.js', '../cache.js', '../create.js', 'express'],
  },
  {
    from: 'lib/redis/versions.ts',
    allowed: ['../errors.js'],
    refused: ['./connection.js', '../access/roles.js'],
  },
  {
    from: 'lib/memory-store.ts',
    allowed: ['./store.js', './errors.js', 'lru-cache'],
    refused: ['./redis/redis-store.js', './crypto/envelope.js', './cache.js'],
  },
  {
    from: 'lib/cache.ts',
    allowed: ['./crypto/envelope.js', './store.js', './deadline.js', './cache/single-flight.js'],
    refused: ['./redis/connection.js', './monitor/security-monitor.js', './create.js', 'ioredis'],
  },
  {
    from: 'lib/lifetimes.ts',
    allowed: ['./ttl.js', './cache.js', './crypto/envelope.js'],
    refused: ['./redis/connection.js', './monitor/checks.js', './create.js', '../middleware/index.js'],
  },
  {
    from: 'lib/cache/values.ts',
    allowed: ['../crypto/codec.js', '../store.js', '../measurements.js', './sealing.js'],
    refused: ['../redis/connection.js', '../cache.js', '../create.js', '../monitor/checks.js', 'ioredis'],
  },
  {
    from: 'lib/monitor/checks.ts',
    allowed: ['../events.js', '../redis/connection.js', './metrics.js'],
    refused: ['../cache.js', '../create.js', '../../middleware/index.js'],
  },
  {
    from: 'lib/monitor/channels/webhook.ts',
    allowed: ['../../events.js', '../alerts.js'],
    refused: ['../../create.js', '../../redis/connection.js'],
  },
  {
    from: 'lib/audit/rules.ts',
    allowed: ['../access/roles.js', '../redis/versions.js', '../errors.js'],
    refused: ['../cache.js', '../monitor/checks.js', '../../generators/index.js'],
  },
  {
    from: 'lib/acl/apply.ts',
    allowed: ['../redis/connection.js', '../access/roles.js', '../audit/formats/acl-rules.js'],
    refused: ['../cache.js', '../create.js', '../monitor/checks.js', '../../generators/index.js', 'ioredis'],
  },
  {
    from: 'lib/keys/sweep.ts',
    allowed: ['../redis/connection.js', '../crypto/envelope.js', '../cache/key-names.js', './census.js'],
    refused: ['../cache.js', '../cache/values.js', '../create.js', '../monitor/checks.js', 'ioredis'],
  },
  {
    from: 'lib/audit/find/access.ts',
    allowed: ['../rule.js', '../formats/acl-file.js', '../../access/roles.js', '../../settings/settings.js'],
    refused: ['../../redis/connection.js', '../../log.js', 'node:fs', 'node:net', 'ioredis'],
  },
  {
    from: 'lib/create.ts',
    allowed: ['./cache.js', './redis/redis-store.js', './monitor/security-monitor.js'],
    refused: ['../middleware/index.js', '../generators/index.js', 'express', 'handlebars'],
  },
  {
    from: 'middleware/index.ts',
    allowed: ['../lib/create.js', 'express'],
    refused: ['../generators/index.js', '../cli/print.js', 'ioredis', 'handlebars'],
  },
  {
    from: 'generators/view-model.ts',
    allowed: [
      '../lib/settings/read.js',
      '../lib/errors.js',
      '../lib/access/roles.js',
      '../lib/redis/versions.js',
      '../lib/crypto/key-ring.js',
      '../lib/audit/rules.js',
      'handlebars',
    ],
    refused: ['../lib/redis/connection.js', '../lib/cache.js', '../lib/crypto/xaes.js', '../cli/print.js'],
  },
  {
    from: 'generators/vscode/tasks.ts',
    allowed: ['../folder.js', '../../lib/audit/report.js', '../../lib/settings/schema.js'],
    refused: ['../../lib/redis/connection.js', '../../cli/print.js', 'ioredis'],
  },
  {
    from: 'cli/secure-cache.ts',
    allowed: ['../lib/create.js', '../generators/index.js', '../middleware/index.js'],
    refused: ['../test/support/redis-server.js'],
  },
]

/** What else a reviewer need not look for: rule, a file where it bites, and the code. */
const HABITS: readonly { rule: string; file: string; code: string }[] = [
  {
    rule: 'no-cycle',
    file: 'lib/round.ts',
    code: `import type { There } from './trip.js'\nexport type Here = There | 1\n`,
  },
  {
    rule: 'no-process-env',
    file: 'lib/sneaky.ts',
    code: `export const password = process.env['REDIS_PASSWORD']\n`,
  },
  { rule: 'no-console', file: 'lib/noisy.ts', code: `console.log('hello')\n` },
  { rule: 'no-explicit-any', file: 'lib/loose.ts', code: `export const value: any = 1\n` },
  {
    rule: 'no-non-null-assertion',
    file: 'lib/sure.ts',
    code: `export const length = (text?: string): number => text!.length\n`,
  },
  {
    rule: 'no-restricted-globals',
    file: 'middleware/page.ts',
    code: `export const title = document.title\n`,
  },
  { rule: 'no-floating-promises', file: 'cli/adrift.ts', code: `Promise.resolve(1)\nexport {}\n` },
  { rule: 'max-lines', file: 'lib/long.ts', code: 'export {}\n'.padEnd(410, '\n') },
  { rule: 'no-default-export', file: 'lib/nameless.ts', code: 'export default 1\n' },
]

interface Diagnostic {
  readonly code: string
  readonly filename: string
  readonly labels: readonly { readonly span: { readonly line: number } }[]
}

describe('the linter @once', () => {
  let folder: string
  let diagnostics: readonly Diagnostic[]
  const linesOf = (rule: string, file: string): readonly number[] =>
    diagnostics
      .filter(({ code, filename }) => code.endsWith(`(${rule})`) && filename === file)
      .flatMap(({ labels }) => labels.slice(0, 1).map(({ span }) => span.line))

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'secure-cache-lint-')))
    copyFileSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { strict: true } }))
    for (const { from, allowed, refused } of IMPORTS) {
      const specifiers = [...allowed, ...refused]
      write(from, specifiers.map((name, index) => `export { a${index} } from '${name}'\n`).join(''))
    }
    for (const { file, code } of HABITS) write(file, code)
    write('lib/trip.ts', `import type { Here } from './round.js'\nexport type There = Here | 2\n`)
    diagnostics = lint()
  })

  after(() => rmSync(folder, { recursive: true, force: true }))

  for (const { from, allowed, refused } of IMPORTS) {
    it(`lets ${from} import what it stands on, and nothing else`, () => {
      const specifiers = [...allowed, ...refused]
      const caught = linesOf('no-restricted-imports', from).map((line) => specifiers[line - 1])
      expect(caught).to.have.members(refused)
    })
  }

  for (const { rule, file } of HABITS) {
    it(`refuses ${file} by ${rule}`, () => {
      expect(linesOf(rule, file)).to.not.be.empty
    })
  }

  function write(file: string, code: string): void {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), code)
  }

  function lint(): readonly Diagnostic[] {
    const oxlint = join(root, 'node_modules', 'oxlint', 'bin', 'oxlint')
    try {
      execFileSync(process.execPath, [oxlint, '--format=json'], { cwd: folder, encoding: 'utf8' })
    } catch (error) {
      const { stdout } = error as { stdout: string }
      return (JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics
    }
    throw new Error('the linter found nothing to refuse')
  }
})
