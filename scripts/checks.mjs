/** Lint, format and types at once: `npm run checks`. Each tells what it has to say in one piece. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const CHECKS = ['lint', 'format:check', 'typecheck']

const codes = await Promise.all(CHECKS.map(check))
process.exitCode = codes.every((code) => code === 0) ? 0 : 1

/** @returns {Promise<number | null>} */
async function check(/** @type {string} */ name) {
  const npm = process.env['npm_execpath']
  const program = npm === undefined ? 'npm' : process.execPath
  const before = npm === undefined ? [] : [npm]
  const child = spawn(program, [...before, 'run', '--silent', name], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: npm === undefined && process.platform === 'win32',
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => (said += text))
  }
  const [code] = /** @type {[number | null]} */ (await once(child, 'close'))
  console.error(`${said.trimEnd()}\n${name}: ${code === 0 ? 'fine' : 'failed'}`)
  return code
}
