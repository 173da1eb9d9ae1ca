/**
 * `npm run test:only -- FILES`: builds and runs the tests given, as sources (`test/lib/cache.test.ts`), as
 * folders (`test/lib/crypto`) or as compiled files. What begins with a dash goes to mocha, such as `-g word`.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const given = process.argv.slice(2)
if (given.length === 0) {
  console.error('error: no tests given\nhint: npm run test:only -- test/lib/cache.test.ts')
  process.exit(2)
}

run('scripts/prepare.mjs', [])
// `-g word` alone looks through all of them.
const everything = given.some((argument) => existsSync(argument)) ? [] : ['dist/test/**/*.test.js']
run('node_modules/mocha/bin/mocha.js', [...given.map(compiled), ...everything])

/** The compiled file or files of a test; everything else is left as it is. */
function compiled(/** @type {string} */ argument) {
  if (argument.startsWith('-') || !existsSync(argument)) return argument
  const path = relative(root, resolve(argument)).split(sep).join('/')
  const output = path.startsWith('dist/') ? path : `dist/${path}`
  return statSync(argument).isDirectory() ? `${output}/**/*.test.js` : output.replace(/\.ts$/, '.js')
}

function run(/** @type {string} */ script, /** @type {string[]} */ args) {
  const { status } = spawnSync(process.execPath, [join(root, script), ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
}
