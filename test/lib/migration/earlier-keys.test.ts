import { expect } from 'chai'
import type { Redis } from 'ioredis'
import { setTimeout as pause } from 'node:timers/promises'
import { after, before, describe, it } from 'mocha'
import { createSecureCache } from '../../../lib/create.js'
import type { SecureCache } from '../../../lib/interface.js'
import type { RunEvent } from '../../../lib/migration/runner.js'
import { until } from '../../support/until.js'
import { lookAt, startOpenRedis, type OpenRedis, type ServerLook } from '../../support/open-redis.js'

const KEYS = 1000
const HOUR_MS = 3_600_000
const PREFIXES = ['old:', 'app:'] as const

/** What an earlier application keeps, and what it does once the plan says so. */
class Application {
  readonly model = new Map<string, { value: string; readonly home: string; readonly expires: boolean }>()
  readonly failures: string[] = []
  /** Operations in sealed form. */
  sealed = 0
  #cache: SecureCache | undefined
  #form: 'plain' | 'sealed' = 'plain'
  #stopped = false
  #work: Promise<void> = Promise.resolve()
  readonly #raw: Redis
  #env: OpenRedis['env']
  /** The cache is to be opened anew, or not at all. */
  #isOld = false

  constructor(raw: Redis, env: OpenRedis['env']) {
    this.#raw = raw
    this.#env = env
  }

  async fill(): Promise<void> {
    const writes: Promise<unknown>[] = []
    for (let index = 0; index < KEYS; index += 1) {
      // `app:user:7` would be key 7 of a namespace `user`, had nobody said what `app:` began.
      const key = index % 3 === 0 ? `user:${index}` : `key${index}`
      const home = (PREFIXES[index % 2] ?? 'old:') + key
      const known = { value: JSON.stringify({ index }), home, expires: index % 5 === 0 }
      this.model.set(key, known)
      const expiry = known.expires ? ['PX', String(HOUR_MS)] : []
      writes.push(this.#raw.call('SET', home, known.value, ...expiry))
    }
    await Promise.all(writes)
  }

  start(): void {
    this.#work = this.#loop()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#work
    await this.#cache?.close()
  }

  /** So many more operations in sealed form than now. */
  async hasSealed(count: number): Promise<void> {
    const wanted = this.sealed + count
    await until(`${count} operations`, () => this.sealed >= wanted || this.failures.length > 0, 30_000)
  }

  follow(event: RunEvent): void {
    if (event.type !== 'instruction') return
    const back = event.direction === 'back'
    if (event.step.id === 'encryption') this.#form = back ? 'plain' : 'sealed'
    if (event.step.id === 'access-control') {
      const { REDIS_MAINTENANCE_PASSWORD: _password, ...others } = this.#env
      if (back) this.#env = others
    }
    this.#isOld = back
  }

  async #close(): Promise<void> {
    this.#isOld = false
    await this.#cache?.close()
    this.#cache = undefined
  }

  async #loop(): Promise<void> {
    for (let turn = 0; !this.#stopped; turn += 1) {
      if (this.#isOld) await this.#close()
      const keys = [...this.model.keys()]
      const key = keys[(turn * 7919) % keys.length] ?? ''
      try {
        await (this.#form === 'sealed' ? this.#sealed(key, turn) : this.#plain(key, turn))
      } catch (error) {
        this.failures.push(`${this.#form} ${key}: ${String(error)}`)
      }
      // An application does other things too.
      await pause(1)
    }
  }

  async #opened(): Promise<SecureCache> {
    if (this.#cache !== undefined) return this.#cache
    this.#cache = createSecureCache({
      env: this.#env,
      logger: false,
      onFailure: 'throw',
      timeoutMs: 10_000,
    })
    await this.#cache.ready()
    return this.#cache
  }

  async #sealed(key: string, turn: number): Promise<void> {
    const cache = await this.#opened()
    const known = this.model.get(key)
    if (known === undefined) return
    this.sealed += 1
    if (turn % 29 === 0) {
      this.model.delete(key)
      if (!(await cache.delete(key))) this.failures.push(`${key} was not there to be deleted`)
    } else if (turn % 7 === 0 && !known.expires) {
      known.value = JSON.stringify({ turn })
      await cache.set(key, { turn }, { ttl: null })
    } else {
      const value = JSON.stringify(await cache.get(key))
      if (value !== known.value) this.failures.push(`${key} is ${value} instead of ${known.value}`)
    }
  }

  /** Under the first prefix alone: there the way back also puts what has forgotten its name. */
  async #plain(key: string, turn: number): Promise<void> {
    const known = this.model.get(key)
    if (known === undefined || known.expires || !known.home.startsWith('old:') || turn % 5 !== 0) return
    known.value = JSON.stringify({ plain: turn })
    await this.#raw.set(known.home, known.value)
  }
}

describe('a migration of what an earlier application keeps under names of its own @once', () => {
  let open: OpenRedis
  let insider: Redis
  let start: ServerLook
  let application: Application

  before(async () => {
    open = await startOpenRedis({
      env: {
        CACHE_READ_MODE: 'plaintext',
        CACHE_READ_MODE_UNTIL: new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10),
        CACHE_LEGACY_PREFIXES: PREFIXES.join(','),
      },
    })
    insider = open.insider()
    application = new Application(insider, open.env)
    await application.fill()
    await insider.mset({ 'old:text': 'no JSON', 'app::mine': '"mine"', 'other:x': '1' })
    await insider.rpush('old:list', 'x')
    start = await lookAt(insider)
  })
  after(() => open.stop())

  it('seals it under names of the cache while the application works, and puts it back to where it was', async function () {
    this.timeout(120_000)
    application.start()
    const migration = open.migration({
      tell: (event) => application.follow(event),
      waiting: {
        waitMs: 30_000,
        settleMs: 20,
        pollMs: 10,
        // So that there is something that has moved, and something that is hidden, before it begins.
        confirm: async ({ direction }) => {
          if (direction === 'there') await application.hasSealed(80)
          return true
        },
      },
    })
    await migration.run({ through: 'encryption' })
    // Read, moved by the cache itself, hidden, taken over: nothing of it lies in plain any more.
    const plain = (await insider.keys('old:*')).concat(
      await insider.keys('app:user:*'),
      await insider.keys('app:key*'),
    )
    expect(plain.toSorted()).to.deep.equal(['old:list', 'old:text'])
    expect((await insider.getBuffer('app::mine'))?.[0]).to.equal(0xc1)
    await application.hasSealed(120)
    await migration.run({ through: 'monitoring' })
    await migration.rollback({ downTo: 'preparation' })
    await application.stop()
    expect(application.failures.slice(0, 5)).to.deep.equal([])

    const left = new Set(await insider.keys('*'))
    for (const [key, { value, home, expires }] of application.model) {
      // What was overwritten while sealed has forgotten its name: it goes under the first prefix.
      const name = left.has(home) ? home : `old:${key}`
      expect(await insider.get(name), name).to.equal(value)
      if (expires) expect(await insider.pttl(name)).to.be.within(HOUR_MS - 120_000, HOUR_MS)
      left.delete(name)
    }
    expect([...left].toSorted()).to.deep.equal(['app::mine', 'old:list', 'old:text', 'other:x'])
    expect(await insider.get('app::mine')).to.equal('"mine"')
    expect(await lookAt(insider)).to.deep.equal(start)
  })
})
