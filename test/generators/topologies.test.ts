import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
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

const COMBINATIONS = (['production', 'development'] as const).flatMap((environment) =>
  (['cache', 'data'] as const).map((profile) => ({ environment, profile })),
)
const BOUND_MS = 60_000
const KEYS = Array.from({ length: 40 }, (_, index) => `k${index}`)

function open(booted: BootedTopology, overrides: Readonly<Record<string, string>> = {}): SecureCache {
  return createSecureCache({
    env: { ...booted.env, CACHE_TIMEOUT_MS: '2000', ...overrides },
    logger: false,
    onFailure: 'throw',
  })
}

const succeeds = (write: Promise<unknown>): Promise<boolean> =>
  write.then(
    () => true,
    () => false,
  )

async function writtenAndRead(cache: SecureCache): Promise<void> {
  await cache.ready({ timeoutMs: BOUND_MS })
  await cache.setMany(KEYS.map((key) => [key, { key }] as const))
  expect((await cache.getMany(KEYS)).size).to.equal(KEYS.length)
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
    await until('the replica has the last value', async () => (await copy.get('k39')) !== undefined, BOUND_MS)
    expect(await copy.get('k39')).to.deep.equal({ key: 'k39' })
    const refused = await copy.set('k1', 1).catch((error: unknown) => error)
    expect(refused).to.have.property('code', 'ERR_REDIS_READONLY')
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
    expect((await cache.getMany(others)).size).to.equal(others.length)
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

describe('servers booted from the output by its own README', function () {
  this.timeout(240_000)
  const requests = (['standalone', 'replica', 'sentinel', 'cluster'] as const).flatMap((topology) =>
    COMBINATIONS.map((combination) => ({ topology, ...combination })),
  )
  const lives = new Map<object, Promise<void>>()

  // All at once: most of their time is waiting for each other.
  before(() => {
    for (const request of requests) {
      const life = live(request)
      life.catch(() => undefined)
      lives.set(request, life)
    }
  })
  after(() => Promise.allSettled(lives.values()))

  for (const request of requests) {
    const { topology, environment, profile } = request
    it(`topology ${topology} ${DEEDS[topology]}: ${environment}, profile ${profile}`, async () => {
      await lives.get(request)
    })
  }
})
