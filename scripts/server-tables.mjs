// Asks a real redis-server which commands (with their ACL categories) and directives it knows, and writes
// lib/audit/server-tables.ts: `node scripts/server-tables.mjs [path of redis-server]`. The audit simulates
// access lists with it, without a server.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'

const binary = process.argv[2] ?? 'redis-server'
const target = fileURLToPath(new URL('../lib/audit/server-tables.ts', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'secure-cache-tables-'))

/**
 * @param {'server' | 'sentinel'} mode
 * @param {(redis: Redis) => Promise<void>} use
 */
async function withServer(mode, use) {
  const socket = join(folder, `${mode}.sock`)
  const file = join(folder, `${mode}.conf`)
  await writeFile(
    file,
    `port 0\nunixsocket ${socket}\ndir ${folder}\n${mode === 'server' ? 'save ""\n' : ''}`,
  )
  const child = spawn(binary, mode === 'sentinel' ? [file, '--sentinel'] : [file], { stdio: 'ignore' })
  const exited = once(child, 'exit')
  // RESP2: lists all the way down.
  const redis = new Redis({ path: socket, protocol: 2, retryStrategy: () => 50 })
  redis.on('error', () => {})
  try {
    await use(redis)
  } finally {
    redis.disconnect()
    child.kill()
    await exited
  }
}

/** @typedef {{ name: string, since: string, categories: string }} Row */

/**
 * @param {unknown} reply
 * @returns {unknown[]}
 */
const list = (reply) => (Array.isArray(reply) ? reply : [])

/**
 * The reply of COMMAND: name first, ACL categories seventh, subcommands tenth.
 * @param {unknown} reply
 * @param {Map<string, string>} since
 * @returns {Row[]}
 */
function commandRows(reply, since) {
  return list(reply)
    .flatMap((entry) => {
      const fields = list(entry)
      const name = String(fields[0])
      const categories = list(fields[6]).map((category) => String(category).slice(1))
      return [
        { name, since: since.get(name) ?? '', categories: categories.join(' ') },
        ...commandRows(fields[9], since),
      ]
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * The reply of COMMAND DOCS: names and lists of field and value by turns.
 * @param {unknown} reply
 * @param {Map<string, string>} found
 * @returns {Map<string, string>}
 */
function sinceOf(reply, found = new Map()) {
  const docs = list(reply)
  for (let i = 0; i < docs.length; i += 2) {
    const fields = list(docs[i + 1])
    found.set(String(docs[i]), String(fields[fields.indexOf('since') + 1]))
    const children = fields.indexOf('subcommands')
    if (children !== -1) sinceOf(fields[children + 1], found)
  }
  return found
}

/** @param {Redis} redis */
async function ask(redis) {
  return commandRows(await redis.call('COMMAND'), sinceOf(await redis.call('COMMAND', 'DOCS')))
}

/** @type {Row[]} */
let commands = []
/** @type {Row[]} */
let sentinel = []
/** @type {string[]} */
let directives = []
let version = ''
try {
  await withServer('server', async (redis) => {
    version = /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? ''
    commands = await ask(redis)
    const config = list(await redis.config('GET', '*')).map(String)
    directives = config.filter((_, index) => index % 2 === 0).toSorted()
  })
  await withServer('sentinel', async (redis) => {
    const known = new Set(commands.map(({ name }) => name))
    sentinel = (await ask(redis)).filter(({ name }) => !known.has(name))
  })
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** @param {Row[]} rows */
const table = (rows) => rows.map((row) => `${row.name} ${row.since} ${row.categories}`.trim()).join('\n')

await writeFile(
  target,
  `/* oxlint-disable max-lines -- a table, one command a line */
/**
 * What redis-server ${version} says it knows. Written by scripts/server-tables.mjs; do not edit.
 */

/** The version that was asked. */
export const TABLES_VERSION = '${version}'

/** COMMAND and COMMAND DOCS: name, the version that brought it, ACL categories. One command a line. */
export const COMMAND_TABLE = \`
${table(commands)}
\`

/** What only Sentinel adds. */
export const SENTINEL_COMMAND_TABLE = \`
${table(sentinel)}
\`

/** CONFIG GET *: directives, one a line. */
export const DIRECTIVE_TABLE = \`
${directives.join('\n')}
\`
`,
)
console.error(`${target}: ${commands.length} commands, ${directives.length} directives of ${version}`)
