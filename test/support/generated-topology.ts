import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { parse } from 'dotenv'
import { generateConfig } from '../../generators/index.js'
import { askLocalServer } from '../../generators/server-version.js'
import { temporaryFolder, freshSettings, type Overrides } from './generated-folder.js'
import { RedisProcess } from './redis-process.js'
import { until } from './until.js'

export type TopologyName = 'standalone' | 'replica' | 'sentinel' | 'cluster'

/** One of the servers that the output's README says to start. */
export interface StartedNode {
  /** `redis-2`, `sentinel-1`. */
  readonly name: string
  readonly process: RedisProcess
}

/** All servers of a folder, started by the commands of its README and nothing else. */
export interface BootedTopology {
  readonly out: string
  readonly port: number
  readonly profile: TopologyRequest['profile']
  readonly nodes: readonly StartedNode[]
  node(name: string): RedisProcess
  /** What the application is given: the output's own environment file. */
  readonly env: Overrides
  /** Ends every server in order, and starts it by the same command. Resolves with what each printed until its end. */
  restart(): Promise<ReadonlyMap<string, string>>
  stop(): Promise<void>
}

export interface TopologyRequest {
  readonly topology: TopologyName
  readonly profile: 'cache' | 'data'
  readonly environment: 'production' | 'development'
  readonly overrides?: Overrides | undefined
}

const PLAINTEXT = { REDIS_DEV_MODE: 'true', REDIS_TLS_ENABLED: 'false', REDIS_TLS_CA_FILE: '' }
const BOUND_MS = 60_000

/** Generates for this machine and boots what came out, in the way that the output itself tells. */
export async function bootTopology(request: TopologyRequest): Promise<BootedTopology> {
  const { topology, profile, environment, overrides = {} } = request
  const folder = await temporaryFolder()
  const port = await freePorts()
  const nodes: StartedNode[] = []
  try {
    const settings = await freshSettings({
      REDIS_TOPOLOGY: topology,
      REDIS_PROFILE: profile,
      REDIS_PORT: String(port),
      REDIS_HOST: '127.0.0.1',
      ...(environment === 'development' ? PLAINTEXT : {}),
      ...(await versionUnderTest()),
      ...overrides,
    })
    await generateConfig({ settings, out: folder.path, target: 'local' })
    const [start, create] = await commandsOf(join(folder.path, 'README.md'))
    nodes.push(...(start ?? []).map((command) => startable(command)))
    await Promise.all(nodes.map(({ process }) => process.start()))
    for (const command of create ?? []) await run(command)
    await until(
      `the servers of ${topology} know each other`,
      () => nodes.every(isSettled(topology)),
      BOUND_MS,
    )
    const env = parse(await readFile(join(folder.path, `.env.${environment}`), 'utf8'))
    return {
      out: folder.path,
      port,
      profile,
      nodes,
      env,
      node(name) {
        const found = nodes.find((node) => node.name === name)
        if (found === undefined) throw new Error(`there is no ${name}`)
        return found.process
      },
      async restart() {
        await Promise.all(nodes.map(({ process }) => process.signal('SIGTERM')))
        const printed = new Map(nodes.map(({ name, process }) => [name, process.output]))
        await Promise.all(nodes.map(({ process }) => process.start()))
        return printed
      },
      async stop() {
        await Promise.all(nodes.map(({ process }) => process.dispose()))
        await rm(folder.path, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await Promise.all(nodes.map(({ process }) => process.dispose()))
    await folder.remove()
    throw error
  }
}

/** The blocks of commands in the section "Start" of the README: starting, and creating where there is one. */
async function commandsOf(readme: string): Promise<readonly (readonly string[])[]> {
  const [, section = ''] = /\n## Start\n(.*?)\n`\.env/s.exec(await readFile(readme, 'utf8')) ?? []
  const blocks = section
    .split('\n\n')
    .map((block) => block.split('\n').filter((line) => line.startsWith('    ')))
  return blocks.filter((lines) => lines.length > 0).map((lines) => lines.map((line) => line.trim()))
}

function startable(command: string): StartedNode {
  const sentinel = command.includes('/sentinel/')
  const [, name = 'redis-1'] = /\/((?:redis|sentinel)-\d)\.conf/.exec(command) ?? []
  const process = new RedisProcess('sh', ['-c', `exec ${command}`], {
    mode: sentinel ? 'sentinel' : 'server',
    env: withRedis(),
  })
  return { name, process }
}

/** What SECURE_CACHE_REDIS_BIN is, so that the output is written for it; elsewhere the generator finds out. */
async function versionUnderTest(): Promise<Overrides> {
  const binary = process.env['SECURE_CACHE_REDIS_BIN']
  if (binary === undefined || binary === '') return {}
  const version = await askLocalServer(binary)
  if (version === undefined) throw new Error('SECURE_CACHE_REDIS_BIN names no server that says its version')
  return { REDIS_VERSION: version }
}

/** The server of SECURE_CACHE_REDIS_BIN before any other of its name. */
function withRedis(): NodeJS.ProcessEnv {
  const binary = process.env['SECURE_CACHE_REDIS_BIN']
  if (binary === undefined || binary === '') return process.env
  return { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env['PATH'] ?? ''}` }
}

/** By their own words: replicas have their copy, Sentinels know two replicas and each other. */
function isSettled(topology: TopologyName): (node: StartedNode) => boolean {
  return ({ name, process: { output } }) => {
    if (name.startsWith('sentinel')) {
      return (
        new Set(output.match(/\+slave slave \S+/g)).size === 2 && output.match(/\+sentinel /g)?.length === 2
      )
    }
    const copies = topology === 'cluster' ? /-[456]$/ : /-[23]$/
    const hasCopy = /REPLICA sync: (?:Finished with success|Master accepted a Partial)/.test(output)
    const isServing = topology !== 'cluster' || /Cluster state changed: ok/.test(output)
    return isServing && (topology === 'standalone' || !copies.test(name) || hasCopy)
  }
}

async function run(command: string): Promise<void> {
  const child = spawn('sh', ['-c', command], { env: withRedis(), stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${output.slice(-2000)}`)
}

/** Below what the system itself hands out, so that nobody takes one of them before the servers do. */
const FIRST_PORT = 10_000
const BLOCK = 6
const BLOCKS = 300
let next = process.pid % BLOCKS

/** A port with free ones behind it, for servers, their buses and their Sentinels; no other process gets them. */
async function freePorts(): Promise<number> {
  for (let tries = 0; tries < BLOCKS; tries += 1) {
    const port = FIRST_PORT + (next++ % BLOCKS) * (BLOCK + 1)
    const wanted = [0, 10_000, 20_000].flatMap((offset) =>
      Array.from({ length: BLOCK }, (_, index) => port + offset + index),
    )
    // Whoever listens on the port behind a block owns it, until its process ends.
    const claim = await listenOn(port + BLOCK)
    if (claim === undefined) continue
    const free = await Promise.all(wanted.map(isFree))
    if (free.every(Boolean)) return port
    claim.close()
  }
  throw new Error('no ports are free')
}

async function isFree(port: number): Promise<boolean> {
  const probe = await listenOn(port)
  probe?.close()
  return probe !== undefined
}

/** A listener that keeps no process alive; undefined where somebody else listens. */
async function listenOn(port: number): Promise<Server | undefined> {
  const server = createServer()
  try {
    const listening = once(server, 'listening')
    server.listen(port, '127.0.0.1').unref()
    await listening
    return server
  } catch {
    server.close()
    return undefined
  }
}
