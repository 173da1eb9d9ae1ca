/**
 * Runs the compiled tests, two files at a time, the long ones first: one that begins last keeps everybody waiting
 * (docs/decisions/0013-tests-side-by-side.md). What else is given goes to mocha, such as `--fgrep word`.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const TESTS = join('dist', 'test')

/** Those that take more than ten seconds on a quiet machine, the longest first; the others follow by name. */
const LONG = [
  'generators/hostile-boots',
  'generators/topologies',
  'pack',
  'lib/migration/killed',
  'middleware/dashboard/dashboard',
  'cli/generate-config',
  'middleware/dashboard/attacks',
  'generators/hostile-rendering',
  'cli/keys',
  'audit/cost',
  'cli/migrate',
  'cli/migration-display',
  'examples/demo',
  'cli/shown-files',
  'lib/redis/faults',
  'lib/migration/live',
  'docs-examples',
].map((name) => join(TESTS, `${name}.test.js`))

const found = readdirSync(join(root, TESTS), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.js'))
  .map((path) => join(TESTS, path))
  .toSorted()
const gone = LONG.filter((file) => !existsSync(join(root, file)))
if (gone.length > 0) {
  console.error(`error: there is no ${gone.join(', ')}\nhint: LONG in scripts/run-tests.mjs names it`)
  process.exit(2)
}
const files = [...LONG, ...found.filter((file) => !LONG.includes(file))]
const mocha = join('node_modules', 'mocha', 'bin', 'mocha.js')
const { status } = spawnSync(
  process.execPath,
  [mocha, '--parallel', '--jobs', '2', ...process.argv.slice(2), ...files],
  { cwd: root, stdio: 'inherit' },
)
process.exitCode = status ?? 1
