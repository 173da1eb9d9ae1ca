import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'dotenv'
import { Redis } from 'ioredis'
import { describe, it } from 'mocha'
import { generateConfig } from '../../generators/index.js'
import { ConfigError } from '../../lib/errors.js'
import { readSettings } from '../../lib/settings/read.js'
import type { Settings } from '../../lib/settings/settings.js'
import { freshSettings, temporaryFolder, type Overrides } from './generated-folder.js'
import { hostileMixtures } from './hostile-mixtures.js'

/** Enough for every rule about strength, whatever stands beside it. */
const LETTERS = 'QmTzWkPfRbNcLsXv'
/** Servers at once: each is short of work while the other generates. */
const WORKERS = 3
/** Texts that may be refused for each that boots. */
const SPARE = 8

interface HostileBoots {
  readonly boots: number
  readonly refused: number
  /** What was not as it should be, with the text that brought it. */
  readonly wrong: readonly string[]
}

/** How a text enters the settings, and what a server that runs with it must do. */
interface Trial {
  readonly variables: readonly string[]
  readonly given: (text: string) => Overrides
  readonly examine: (booted: Booted) => Promise<readonly string[]>
}

interface Booted {
  readonly settings: Settings
  /** As the application would read them, from what was written. */
  readonly read: Settings
  readonly client: Redis
}

/** So many boots with passwords, and as many with prefixes. */
export function describeHostileBoots(
  title: string,
  { boots: wanted, timeoutMs }: { readonly boots: number; readonly timeoutMs: number },
): void {
  describe(title, function () {
    this.timeout(timeoutMs)

    it('let in exactly the password that was given, or it was refused by name', async () => {
      const { boots, wrong } = await bootPasswords(wanted)
      expect(wrong).to.deep.equal([])
      expect(boots).to.equal(wanted)
    })

    it('give the application exactly the keys of its prefix, or it was refused by name', async () => {
      const { boots, refused, wrong } = await bootPrefixes(wanted)
      expect(wrong).to.deep.equal([])
      expect(boots).to.equal(wanted)
      expect(refused).to.be.greaterThan(0)
    })
  })
}

/** Passwords of the application and of the administrator: exactly they log in. */
function bootPasswords(count: number): Promise<HostileBoots> {
  return bootEach(count, {
    variables: ['REDIS_CACHE_PASSWORD', 'REDIS_PASSWORD'],
    given: (text) => ({
      REDIS_CACHE_PASSWORD: `${text}${LETTERS}`,
      REDIS_PASSWORD: `${LETTERS}${text}${text}-`,
    }),
    async examine({ settings, read, client }) {
      const password = settings.users.cache.password?.reveal() ?? ''
      const near = [
        `${password} `,
        `${password}\n`,
        password.slice(1),
        password.slice(0, -1),
        password.trim(),
      ]
      const wrong: string[] = []
      if (read.users.cache.password?.reveal() !== password)
        wrong.push('the application reads another password')
      for (const other of new Set(near)) {
        if (other !== password && (await login(client, 'cache_service', other)))
          wrong.push('logs in with another')
      }
      if (!(await login(client, 'cache_service', password))) wrong.push('does not log in')
      return [...wrong, ...(await asAdmin(settings, client))]
    },
  })
}

/** Prefixes of the application: exactly the keys below them may be written. */
function bootPrefixes(count: number): Promise<HostileBoots> {
  return bootEach(count, {
    variables: ['REDIS_KEY_PREFIX'],
    given: (text) => ({ REDIS_KEY_PREFIX: `${text}:`, REDIS_PASSWORD: `${LETTERS}${LETTERS}-` }),
    async examine({ settings, read, client }) {
      const { keyPrefix } = settings.redis
      const wrong: string[] = []
      if (read.redis.keyPrefix !== keyPrefix) wrong.push('the application reads another prefix')
      await login(client, 'cache_service', settings.users.cache.password?.reveal() ?? '')
      for (const key of [`${keyPrefix}k`, `${keyPrefix}a:b`, keyPrefix]) {
        if ((await outcome(client.set(key, 'v'))) !== 'OK') wrong.push('does not write its own key')
      }
      for (const other of neighboursOf(keyPrefix)) {
        if (!(await outcome(client.set(`${other}k`, 'v'))).startsWith('NOPERM'))
          wrong.push('writes a foreign key')
      }
      return [...wrong, ...(await asAdmin(settings, client))]
    },
  })
}

/** Prefixes that differ by what a reader could have dropped, doubled or taken for a pattern. */
function neighboursOf(prefix: string): readonly string[] {
  const body = Array.from(prefix.slice(0, -1))
  const replaced = (pattern: RegExp, by: string): string => prefix.replaceAll(pattern, by)
  const near = [
    `x${prefix}`,
    `${body.join('')}x:`,
    `${body.slice(1).join('')}:`,
    `${body.slice(0, -1).join('')}:`,
    `${body.slice(0, -1).join('')}Ω:`,
    replaced(/\*/g, 'zz'),
    replaced(/\?/g, 'z'),
    replaced(/\[[^\]]*\]/g, 'b'),
    replaced(/\\/g, ''),
    replaced(/\\/g, '\\\\'),
    replaced(/\$/g, ''),
    replaced(/["'`]/g, ''),
  ]
  return [...new Set(near)].filter((other) => !other.startsWith(prefix))
}

/** No user, right, port or directive came with it. */
async function asAdmin(settings: Settings, client: Redis): Promise<readonly string[]> {
  const wrong: string[] = []
  const password = settings.users.admin.password?.reveal() ?? ''
  if (!(await login(client, 'admin', password))) return ['the administrator does not log in']
  const users = (await client.call('ACL', 'USERS')) as string[]
  if (users.toSorted().join(' ') !== USERS) wrong.push(`there are other users: ${users.length}`)
  for (const [name, value] of EXPECTED) {
    const [, seen] = (await client.call('CONFIG', 'GET', name)) as string[]
    if (seen !== value) wrong.push(`${name} is another`)
  }
  return wrong
}

const USERS = 'admin auditor cache_service default health_service maintenance monitor operator'
const EXPECTED: readonly (readonly [string, string])[] = [
  ['port', '0'],
  ['protected-mode', 'yes'],
  ['requirepass', ''],
  ['enable-debug-command', 'no'],
  ['databases', '1'],
]

async function bootEach(count: number, trial: Trial): Promise<HostileBoots> {
  const texts = hostileMixtures(count * SPARE).values()
  const tally = { boots: 0, refused: 0, wrong: [] as string[] }
  const work = async (): Promise<void> => {
    const folder = await temporaryFolder()
    try {
      for (const text of texts) {
        if (tally.boots >= count) break
        const settings = await settingsWith(trial, text, tally)
        if (settings === undefined) continue
        tally.boots++
        const wrong = await bootOnce(folder.path, settings, trial).catch((error: unknown) => [String(error)])
        tally.wrong.push(...wrong.map((what) => `${what}: ${JSON.stringify(text.slice(0, 60))}`))
      }
    } finally {
      await folder.remove()
    }
  }
  await Promise.all(Array.from({ length: WORKERS }, work))
  return tally
}

/** Nothing where they are refused, which must name the variable and must not repeat the text. */
async function settingsWith(
  { variables, given }: Trial,
  text: string,
  tally: { refused: number; readonly wrong: string[] },
): Promise<Settings | undefined> {
  try {
    return await freshSettings(given(text))
  } catch (error) {
    tally.refused++
    const named =
      error instanceof ConfigError &&
      error.problems.length > 0 &&
      error.problems.every(({ name, message }) => variables.includes(name) && message.length > 20)
    if (!named) tally.wrong.push(`refused without its name: ${JSON.stringify(text.slice(0, 60))}`)
    else if (text.length > 8 && error.message.includes(text)) tally.wrong.push('the refusal repeats the text')
    return undefined
  }
}

async function bootOnce(out: string, settings: Settings, trial: Trial): Promise<readonly string[]> {
  await generateConfig({ settings, out, target: 'local' })
  const env = parse(await readFile(join(out, '.env.production'), 'utf8'))
  const read = readSettings({ env })
  const socket = join(out, 's')
  const server = await startOnSocket(out, socket)
  const client = new Redis({
    path: socket,
    lazyConnect: true,
    protocol: 2,
    enableReadyCheck: false,
    disableClientInfo: true,
    retryStrategy: () => null,
    replyMapping: 'legacy',
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await trial.examine({ settings, read, client })
  } finally {
    client.disconnect()
    server.kill('SIGKILL')
    await once(server, 'close')
  }
}

/** The generated files, with a socket file in the place of the port: nothing to wait for, nothing to collide. */
async function startOnSocket(out: string, socket: string): Promise<ChildProcess> {
  const words = [join(out, 'conf', 'redis.conf'), '--tls-port', '0', '--unixsocket', socket]
  const child = spawn('redis-server', words, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (/ready to accept connections/i.test(output)) resolve()
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the server does not start (${String(code)})`)))
  })
  return child
}

async function login(client: Redis, username: string, password: string): Promise<boolean> {
  return (await outcome(client.call('AUTH', username, password))) === 'OK'
}

async function outcome(reply: Promise<unknown>): Promise<string> {
  return reply.then(String, (error: unknown) => (error instanceof Error ? error.message : 'unknown'))
}
