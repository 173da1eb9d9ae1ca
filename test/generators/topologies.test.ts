import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { auditFolder } from '../../lib/audit/audit.js'
import { readFolderFacts } from '../../lib/audit/file-facts.js'
import { createSecureCache, inspectCache } from '../../lib/create.js'
import type { SecureCache } from '../../lib/interface.js'
import { slotOf } from '../../lib/redis/slot-map.js'
import {
  bootTopology,
  type BootedTopology,
  type TopologyName,
  type TopologyRequest,
} from '../support/generated-topology.js'
import { until } from '../support/until.js'

interface Combination {
  readonly environment: 'production' | 'development'
  readonly profile: 'cache' | 'data'
}

/** How the application fares on each topology depends on Node; what else is generated does not. */
const ON_EVERY_NODE: readonly Combination[] = [{ environment: 'production', profile: 'cache' }]
const ON_ONE_NODE: readonly Combination[] = [
  { environment: 'production', profile: 'data' },
  { environment: 'development', profile: 'cache' },
  { environment: 'development', profile: 'data' },
]
const BOUND_MS = 60_000
const KEYS = Array.from({ length: 40 }, (_, index) => `k${index}`)

function open(booted: BootedTopology, overrides: Readonly<Record<string, string>> = {}): SecureCache {
  return createSecureCache({
    env: { ...booted.env, CACHE_TIMEOUT_MS: '10000', CACHE_CONNECT_TIMEOUT_MS: '10000', ...overrides },
    logger: false,
    onFailure: 'throw',
  })
}

const succeeds = (write: Promise<unknown>): Promise<boolean> =>
  write.then(
    () => true,
    () => false,
  )

const codeOf = (write: Promise<unknown>): Promise<unknown> =>
  write.then(
    () => undefined,
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined),
  )

const sizeOf = (cache: SecureCache, keys: readonly string[]): Promise<number> =>
  cache.getMany(keys).then(
    ({ size }) => size,
    () => 0,
  )

async function writtenAndRead(cache: SecureCache): Promise<void> {
  await cache.ready({ timeoutMs: BOUND_MS })
  await cache.setMany(KEYS.map((key) => [key, { key }] as const))
  expect((await cache.getMany(KEYS)).size).to.equal(KEYS.length)
}

/** The port of the primary that a Sentinel told of last. */
function lastElected(output: string): number | undefined {
  const last = [...output.matchAll(/\+switch-master \S+ \S+ \d+ \S+ (\d+)/g)].at(-1)
  return last === undefined ? undefined : Number(last[1])
}

/** Nobody forgets who the primary is, and what was written stays where it is kept on disk. */
async function afterRestart(booted: BootedTopology, cache: SecureCache): Promise<void> {
  const printed = await booted.restart()
  await until('writes work after the restart', () => succeeds(cache.set('restarted', 1)), BOUND_MS)
  // A slow machine may take so long to end or to start that the Sentinels elect once more, and say so.
  const elected = booted.nodes
    .filter(({ name }) => name.startsWith('sentinel'))
    .map(({ name, process }) => lastElected(`${printed.get(name) ?? ''}${process.output}`))
  expect(elected).to.include(inspectCache(cache).connection?.address.port)
  const kept = booted.profile === 'data' ? 1 : undefined
  expect(await cache.get('after')).to.equal(kept)
  if (booted.env['NODE_ENV'] === 'production') await withoutFinding(booted.out)
}

/** Also what the servers wrote themselves. */
async function withoutFinding(folder: string): Promise<void> {
  const facts = await readFolderFacts(folder, { now: Date.now(), display: (path) => path })
  expect(facts.confs.filter(({ path }) => path.endsWith('state.conf'))).to.have.length(6)
  const { findings, remarks } = auditFolder(facts)
  // The version that is installed here gets no fixes any more.
  const told = findings.filter(({ rule }) => !rule.startsWith('VER'))
  expect(told.map(({ rule, at, message }) => ({ rule, at, message }))).to.deep.equal([])
  expect(remarks).to.deep.equal([])
}

/** What the application lives through on each topology. */
const LIVES: Readonly<Record<TopologyName, (booted: BootedTopology) => Promise<void>>> = {
  async standalone(booted) {
    const cache = open(booted)
    await writtenAndRead(cache)
    expect(await cache.clear()).to.equal(true)
    expect(await cache.get('k1')).to.equal(undefined)
    await cache.close()
  },

  async replica(booted) {
    const cache = open(booted)
    await writtenAndRead(cache)
    const copy = open(booted, { REDIS_PORT: String(booted.port + 1) })
    await copy.ready({ timeoutMs: BOUND_MS })
    // Whatever writes there is refused and takes the connection with it: reads work again a moment later.
    let read: unknown
    await until(
      'the replica has the last value',
      async () => {
        read = await copy.get('k39').catch(() => undefined)
        return read !== undefined
      },
      BOUND_MS,
    )
    expect(read).to.deep.equal({ key: 'k39' })
    await until('a write is refused', async () => (await codeOf(copy.set('k1', 1))) === 'ERR_REDIS_READONLY')
    expect(await cache.get('k1')).to.deep.equal({ key: 'k1' })
    await copy.close()
    await cache.close()
  },

  async sentinel(booted) {
    const cache = open(booted)
    await writtenAndRead(cache)
    expect(inspectCache(cache).connection?.address.port).to.equal(booted.port)
    await until('a write has reached the others', () => succeeds(cache.set('last', 1)), BOUND_MS)
    await booted.node('redis-1').signal('SIGKILL')
    await until('writes work on another primary', () => succeeds(cache.set('after', 1)), BOUND_MS)
    expect(inspectCache(cache).connection?.address.port).not.to.equal(booted.port)
    expect((await cache.getMany(KEYS)).size).to.equal(KEYS.length)
    await afterRestart(booted, cache)
    expect(await cache.clear()).to.equal(true)
    expect(await cache.get('after')).to.equal(undefined)
    await cache.close()
  },

  async cluster(booted) {
    const cache = open(booted)
    await writtenAndRead(cache)
    await booted.node('redis-1').signal('SIGKILL')
    // The first primary has the first third of the slots.
    const others = KEYS.filter((key) => slotOf(`ai_cache::${key}`) > 5500)
    expect(others).to.have.length.within(1, KEYS.length - 1)
    await until(
      'the other keys are served',
      async () => (await sizeOf(cache, others)) === others.length,
      BOUND_MS,
    )
    await until(
      'all keys are written again',
      () => succeeds(cache.setMany(KEYS.map((key) => [key, 'again'] as const))),
      BOUND_MS,
    )
    expect(new Set((await cache.getMany(KEYS)).values())).to.deep.equal(new Set(['again']))
    expect(await cache.clear()).to.equal(true)
    expect((await cache.getMany(KEYS)).size).to.equal(0)
    await cache.close()
  },
}

/** Boots, lives, ends. */
async function live(request: TopologyRequest): Promise<void> {
  const booted = await bootTopology(request)
  try {
    await LIVES[request.topology](booted)
  } finally {
    await booted.stop()
  }
}

const DEEDS: Readonly<Record<TopologyName, string>> = {
  standalone: 'serves the application from one server',
  replica: 'copies to a replica, which takes no writes',
  sentinel: 'goes on at another primary when the first one is lost',
  cluster: 'goes on when a node of six is lost, and the other keys at once',
}

function describeTopologies(title: string, combinations: readonly Combination[]): void {
  describe(title, function () {
    this.timeout(240_000)
    // Most of their time is waiting for each other, so many live at once; a Cluster is half of them by itself.
    const waves = [['standalone', 'replica', 'sentinel'], ['cluster']] as const
    const requests = waves.map((wave) =>
      wave.flatMap((topology) => combinations.map((combination) => ({ topology, ...combination }))),
    )
    const lives = new Map<TopologyRequest, Promise<void>>()

    before(() => {
      let begun: Promise<unknown> = Promise.resolve()
      for (const wave of requests) {
        const turn = begun
        const wavesLives = wave.map((request) => {
          const life = turn.then(() => live(request))
          lives.set(request, life)
          return life
        })
        // Few of them need no waves.
        if (combinations.length > 1) begun = Promise.allSettled(wavesLives)
      }
    })
    after(() => Promise.allSettled(lives.values()))

    for (const request of requests.flat()) {
      const { topology, environment, profile } = request
      it(`topology ${topology} ${DEEDS[topology]}: ${environment}, profile ${profile}`, async () => {
        await lives.get(request)
      })
    }
  })
}

describeTopologies('servers booted from the output by its own README', ON_EVERY_NODE)
describeTopologies('servers booted from the output for other environments and profiles @once', ON_ONE_NODE)
