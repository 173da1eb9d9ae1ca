import { setTimeout as pause } from 'node:timers/promises'
import { Redis, type RedisOptions } from 'ioredis'
import { placeOf } from '../../lib/cache/key-names.js'
import { Envelope } from '../../lib/crypto/envelope.js'
import { KeyRing } from '../../lib/crypto/key-ring.js'
import { INSIDER, type OpenRedis } from './open-redis.js'

/** What is known of a key. Values of other types are kept as the texts that reading them gives. */
interface Known {
  readonly type: 'string' | 'hash' | 'list' | 'stream' | 'foreign'
  value: string
  expiresAt: Moment | undefined
}

/** Unix milliseconds: somewhere between the call and its reply. */
interface Moment {
  readonly from: number
  to: number
}

/** What tells an application to change over: an event of a run, or the same as JSON from the command line. */
export interface Instruction {
  readonly type: string
  readonly step?: string | { readonly id: string } | undefined
  readonly direction?: 'there' | 'back' | undefined
}

const WORKERS = 4
const HOUR_MS = 3_600_000
const SEALED = 0xc1
const BATCH = 500
/** An application does other things too. */
const BUSY: Pace = { turns: 8, restMs: 1 }

/** How many operations each worker makes before it rests, and for how long. */
export interface Pace {
  readonly turns: number
  readonly restMs: number
}

/**
 * An application that reads and writes all the while, and does what the plan says when it says so: another login,
 * another port, another form of its values. It knows what every key must hold, and counts what fails.
 */
export class PlanFollower {
  /** What went wrong: an operation that was refused, or a reply that is not what was written. */
  readonly failures: string[] = []
  operations = 0
  readonly #open: OpenRedis
  readonly #pace: Pace
  readonly #model = new Map<string, Known>()
  readonly #keys: string[][] = Array.from({ length: WORKERS }, () => [])
  readonly #envelope: Envelope
  #login: 'none' | 'cache' = 'none'
  #transport: 'plain' | 'tls' = 'plain'
  #form: 'plain' | 'sealed' = 'plain'
  /** Strings of the cache; everything else. */
  #cache: Redis
  #worker: Redis
  readonly #underWay = new Set<Promise<void>>()
  #stopped = false
  #work: Promise<unknown> = Promise.resolve()
  #changing: Promise<void> = Promise.resolve()
  #round = 0

  constructor(open: OpenRedis, pace: Pace = BUSY) {
    this.#open = open
    this.#pace = pace
    this.#envelope = new Envelope({ keyRing: KeyRing.create(open.settings.encryption) })
    this.#cache = this.#connect('cache')
    this.#worker = this.#connect('worker')
  }

  /** Fills the server with keys of every type, half of them with a time to live. */
  async fill(count: number): Promise<void> {
    const names = Array.from({ length: count }, (_, index) => nameOf(index))
    for (let from = 0; from < count; from += BATCH) {
      await Promise.all(
        names.slice(from, from + BATCH).map(({ key, type }, at) => this.#create(key, type, from + at)),
      )
    }
  }

  start(): void {
    this.#work = Promise.all(this.#keys.map(async (keys) => this.#loop(keys)))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#work
    await this.#changing
    this.#cache.disconnect()
    this.#worker.disconnect()
  }

  /** Does what the step asks of the application. */
  follow({ type, step, direction }: Instruction): void {
    if (type !== 'instruction') return
    const id = typeof step === 'object' ? step.id : step
    const there = direction === 'there'
    if (id === 'authentication') this.#login = there ? 'cache' : 'none'
    else if (id === 'tls') this.#transport = there ? 'tls' : 'plain'
    else if (id === 'encryption') this.#form = there ? 'sealed' : 'plain'
    else return
    if (id !== 'encryption') this.#changing = this.#changing.then(async () => this.#changeOver())
  }

  /** Compares everything on the server with what must be there. Nothing may be written meanwhile. */
  async differences(insider: Redis): Promise<readonly string[]> {
    const found: string[] = []
    const names = [...this.#model]
    const size = await insider.dbsize()
    if (size !== names.length) found.push(`${size} keys instead of ${names.length}`)
    for (let from = 0; from < names.length; from += BATCH) {
      const part = names.slice(from, from + BATCH)
      const looks = await Promise.all(part.map(async ([key, known]) => this.#compare(insider, key, known)))
      found.push(...looks.flat())
    }
    return found
  }

  /** How many of its strings lie sealed. */
  async sealed(insider: Redis): Promise<{ readonly sealed: number; readonly strings: number }> {
    const strings = [...this.#model].flatMap(([key, { type }]) => (type === 'string' ? [key] : []))
    let sealed = 0
    // In parts: the writers live in this process, too.
    for (let from = 0; from < strings.length; from += BATCH) {
      const part = strings.slice(from, from + BATCH)
      const heads = await Promise.all(part.map(async (key) => insider.getrangeBuffer(key, 0, 0)))
      sealed += heads.filter((head) => head[0] === SEALED).length
    }
    return { sealed, strings: strings.length }
  }

  async #create(key: string, type: Known['type'], index: number): Promise<void> {
    const value =
      type === 'foreign' ? `untouched ${index}` : JSON.stringify({ index, text: 'x'.repeat(index % 50) })
    const known: Known = { type, value, expiresAt: undefined }
    this.#model.set(key, known)
    this.#keys[index % WORKERS]?.push(key)
    await this.#write(key, known, index % 2 === 0)
  }

  async #loop(keys: readonly string[]): Promise<void> {
    for (let turn = 0; !this.#stopped; turn += 1) {
      const key = keys[(turn * 7919) % keys.length]
      const known = key === undefined ? undefined : this.#model.get(key)
      if (key === undefined || known === undefined) return
      const attempt = this.#attempt(key, known, turn)
      this.#underWay.add(attempt)
      await attempt
      this.#underWay.delete(attempt)
      this.operations += 1
      if (turn % this.#pace.turns === 0) await pause(this.#pace.restMs)
    }
  }

  async #attempt(key: string, known: Known, turn: number): Promise<void> {
    try {
      if (known.type !== 'foreign' && turn % 3 === 0) {
        this.#round += 1
        known.value = JSON.stringify({ round: this.#round })
        await this.#write(key, known, turn % 2 === 0)
      } else {
        const value = await this.#read(key, known)
        if (value !== known.value) this.failures.push(`${known.type} ${key} is not what was written`)
      }
    } catch (error) {
      this.failures.push(`${known.type} ${this.#login} ${this.#transport}: ${String(error)}`)
    }
  }

  async #write(key: string, known: Known, expires: boolean): Promise<void> {
    const { type, value } = known
    const worker = this.#worker
    if (type === 'string') {
      const bytes = this.#form === 'sealed' ? this.#seal(key, value) : value
      // Known before it is written: whoever compares meanwhile finds no surprise.
      const moment = { from: Date.now() + HOUR_MS, to: Number.POSITIVE_INFINITY }
      known.expiresAt = expires ? moment : undefined
      await (expires ? this.#cache.set(key, bytes, 'PX', HOUR_MS) : this.#cache.set(key, bytes))
      moment.to = Date.now() + HOUR_MS
      return
    }
    if (type === 'hash') await worker.hset(key, 'field', value)
    if (type === 'list') await worker.multi().del(key).rpush(key, value).exec()
    if (type === 'stream') await worker.xadd(key, '*', 'field', value)
    if (type === 'foreign') await worker.set(key, value)
    if (type !== 'foreign') known.expiresAt = undefined
    if (type !== 'foreign') await worker.persist(key)
  }

  async #read(key: string, { type }: Known, client?: Redis): Promise<string | undefined> {
    const worker = client ?? this.#worker
    if (type === 'string') return this.#opened(key, await (client ?? this.#cache).getBuffer(key))
    if (type === 'hash') return (await worker.hget(key, 'field')) ?? undefined
    if (type === 'list') return (await worker.lindex(key, -1)) ?? undefined
    if (type === 'foreign') return (await worker.get(key)) ?? undefined
    const [last] = await worker.xrevrange(key, '+', '-', 'COUNT', 1)
    return last?.[1][1]
  }

  async #compare(insider: Redis, key: string, known: Known): Promise<readonly string[]> {
    const [value, expires] = await Promise.all([this.#read(key, known, insider), insider.pexpiretime(key)])
    const apart = distance(expires < 0 ? undefined : expires, known.expiresAt)
    return [
      ...(value === known.value ? [] : [`${known.type} ${key}: another value`]),
      ...(apart <= 1000 ? [] : [`${known.type} ${key}: time to live is ${apart} ms off`]),
    ]
  }

  #seal(key: string, value: string): Buffer {
    const { namespace, name } = this.#place(key)
    return namespace.seal(name, Buffer.from(value), { codec: 'json', lifetimeSeconds: 0 })
  }

  /** Reads both forms, as an application does that follows the plan. */
  #opened(key: string, bytes: Buffer | null): string | undefined {
    if (bytes === null) return undefined
    if (bytes[0] !== SEALED) return bytes.toString()
    const { namespace, name } = this.#place(key)
    return namespace.open(name, bytes).payload.toString()
  }

  #place(key: string) {
    const prefix = this.#open.settings.redis.keyPrefix
    const place = placeOf(prefix, key)
    if (place === undefined) throw new Error(`no name of a cache: ${key}`)
    return { namespace: this.#envelope.namespace(prefix, place.namespace), name: place.key }
  }

  /** New connections first, then everything goes over them, then the old ones end. */
  async #changeOver(): Promise<void> {
    const before = [this.#cache, this.#worker]
    const [cache, worker] = [this.#connect('cache'), this.#connect('worker')]
    await Promise.all([cache.ping(), worker.ping()])
    this.#cache = cache
    this.#worker = worker
    await Promise.all(this.#underWay)
    await Promise.all(before.map(async (client) => client.quit()))
  }

  #connect(who: 'cache' | 'worker'): Redis {
    const { server, tlsPort, settings } = this.#open
    const login: RedisOptions =
      who === 'worker'
        ? { username: 'insider', password: INSIDER }
        : this.#login === 'none'
          ? {}
          : { username: 'cache_service', password: server.passwords.cache }
    const { tls } = settings.redis
    const client = new Redis({
      host: server.host,
      port: this.#transport === 'tls' ? tlsPort : server.port,
      ...login,
      ...(this.#transport === 'tls' && tls !== undefined
        ? { tls: { ca: tls.ca ?? '', cert: tls.cert ?? '', key: tls.key?.reveal() ?? '' } }
        : {}),
      replyMapping: 'legacy',
      disableClientInfo: true,
      enableReadyCheck: false,
    })
    client.on('error', (error: Error) => this.failures.push(`connection of ${who}: ${error.message}`))
    return client
  }
}

/** How far a time to live is from the one that was written, milliseconds. */
function distance(ends: number | undefined, written: Moment | undefined): number {
  if (ends === undefined || written === undefined) return ends === written ? 0 : Number.POSITIVE_INFINITY
  return Math.max(0, written.from - ends, ends - written.to)
}

/** Of ten keys seven are strings of the cache, one each a hash, a list and a stream; some belong to others. */
function nameOf(index: number): { readonly key: string; readonly type: Known['type'] } {
  const kinds = ['hash', 'list', 'stream'] as const
  const other = kinds[index % 10]
  if (other !== undefined) return { key: `app:other:${index}`, type: other }
  if (index % 100 === 99) return { key: `foreign-${index}`, type: 'foreign' }
  return { key: index % 4 === 0 ? `app:ns:${index}` : `app::${index}`, type: 'string' }
}
