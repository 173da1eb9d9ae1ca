import { Deadline } from '../deadline.js'
import type { CacheError } from '../errors.js'
import { RedisError } from '../errors.js'
import type { ReadyOptions } from '../interface.js'
import type { HostPort } from '../settings/settings.js'
import { askForSlots, NODE_TIMEOUT_MS } from './cluster-slots.js'
import type { ConnectionFacts, ConnectionStatus } from './connection-facts.js'
import type { RedisConnection } from './connection.js'
import type { OpenConnectionOptions } from './open-options.js'
import { openConnection } from './connection.js'
import type { Identity } from './identity.js'
import { addressText, identityOf } from './identity.js'
import type { Direction } from './lane.js'
import { Lane } from './lane.js'
import { Redirectable } from './redirectable.js'
import { RetrySchedule, isRefusal } from './retry-schedule.js'
import type { Route, StoreConnection } from './route.js'
import type { Sendable } from './send-window.js'
import { atNode, readNodeAddress } from './server-address.js'
import { SlotMap, slotOf } from './slot-map.js'
import { closed, whenReady } from './when-ready.js'

/** While a node is missing the others are asked this often who has taken its place. */
const WATCH_MS = 250

interface Held {
  readonly direction: Direction
  readonly slot: number
  readonly item: Sendable
}

interface Travel {
  readonly direction: Direction
  readonly item: Sendable
  readonly at: HostPort
  readonly hops: number
}

/**
 * The nodes of a Cluster: one hardened connection to each primary, and each command to the one that has its
 * slot. A node that is lost fails its own keys at once and no others; its replica is followed as soon as the
 * Cluster has promoted it. What a node redirects is sent where it says; nothing is ever sent twice, because
 * a redirected command was not carried out (redis.io: Cluster specification, "MOVED redirection").
 */
export class ClusterRoute implements Route, StoreConnection {
  readonly deadline: Deadline
  readonly #options: OpenConnectionOptions
  readonly #identity: Identity
  readonly #retry = new RetrySchedule()
  readonly #lanes = new Map<string, Lane>()
  readonly #listeners = new Set<(status: ConnectionStatus) => void>()
  readonly #now: () => number
  #renewed: Parameters<StoreConnection['renew']>[0] = {}
  #map = new SlotMap()
  #held: Held[] = []
  #status: ConnectionStatus = 'connecting'
  #lastError: CacheError | undefined
  #attempts = 0
  #looking = false
  #timer: NodeJS.Timeout | undefined
  #outageSince: number | undefined

  constructor(options: OpenConnectionOptions) {
    const { settings, timeoutMs, now = Date.now } = options
    this.#options = options
    this.#now = now
    this.#identity = identityOf(settings, options.user ?? settings)
    this.deadline = new Deadline({
      timeoutMs,
      progress: () => this.#connections().reduce((sum, { bytesRead }) => sum + bytesRead, 0),
      // All of them: each look also judges its node.
      onTick: (clock) => this.#connections().filter((connection) => connection.look(clock)).length > 0,
    })
    void this.#look()
  }

  get connection(): StoreConnection {
    return this
  }

  get status(): ConnectionStatus {
    return this.#status
  }

  get lastError(): CacheError | undefined {
    return this.#lastError
  }

  /** One node that works, or may. */
  get address(): HostPort {
    const up = this.#connections().find(({ status }) => status === 'up')
    const { host, port, clusterNodes } = this.#options.settings
    return up?.address ?? clusterNodes[0] ?? { host, port }
  }

  /** Every primary. */
  get servers(): readonly HostPort[] {
    return this.#map.primaries
  }

  ownerOf(key: string): HostPort | undefined {
    return this.#map.ownerOf(slotOf(key))
  }

  groupOf(key: string): number {
    return slotOf(key)
  }

  offer(direction: Direction, slot: number, item: Sendable): void {
    if (this.#status === 'closed') item.failed(closed())
    else if (this.#map.nodes.length === 0) this.#wait({ direction, slot, item })
    else this.#offer({ direction, slot, item })
  }

  isBusy(direction: Direction): boolean {
    for (const lane of this.#lanes.values()) if (lane.isBusy(direction)) return true
    return false
  }

  call(name: string, key: string, ...rest: readonly (string | Buffer)[]): Promise<unknown> {
    const owner = this.ownerOf(key)
    if (owner === undefined) return Promise.reject(this.#lastError ?? uncovered(name))
    const reply = this.#laneTo(owner).connection.client.call(name, key, ...rest)
    this.deadline.wake()
    return reply
  }

  onStatus(listener: (status: ConnectionStatus) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Of one node that works, and of all. */
  facts(): ConnectionFacts {
    const nodes = this.#connections().map((connection) => connection.facts())
    const up = nodes.find(({ status }) => status === 'up')
    return {
      ...(up ?? this.#nothingSeen()),
      endpoint: this.#identity.endpoint,
      status: this.#status,
      reconnects: nodes.reduce((sum, { reconnects }) => sum + reconnects, 0),
      lastErrorCode: this.#lastError?.code,
      nodes,
    }
  }

  ready(options?: ReadyOptions): Promise<void> {
    return whenReady(this, options)
  }

  renew(credentials: Parameters<StoreConnection['renew']>[0]): void {
    for (const connection of this.#connections()) connection.renew(credentials)
    this.#renewed = { ...this.#renewed, ...credentials }
    this.#retry.forget()
    this.#lookIn(0)
  }

  doubt(): void {
    for (const connection of this.#connections()) connection.doubt()
  }

  /** Whose reply it was is not known here: all are made anew. */
  dropDamaged(): void {
    for (const connection of this.#connections()) connection.dropDamaged()
  }

  async close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    if (this.#status === 'closed') return
    clearTimeout(this.#timer)
    this.#become('closed')
    this.#failHeld(closed())
    await Promise.all(this.#connections().map((connection) => connection.close(options)))
    this.deadline.stop()
  }

  #wait(held: Held): void {
    if (this.#status === 'down') held.item.failed(this.#lastError ?? closed())
    else this.#held.push(held)
  }

  #offer({ direction, slot, item }: Held): void {
    const owner = this.#map.ownerOf(slot)
    if (owner === undefined) {
      item.failed(uncovered(item.name))
      this.#lookIn(WATCH_MS)
      return
    }
    this.#laneTo(owner).offer(direction, this.#redirectable({ direction, item, at: owner, hops: 0 }))
  }

  /** The command at this node, which may say that another one has the slot. */
  #redirectable(travel: Travel): Redirectable {
    const { direction, item, at, hops } = travel
    return new Redirectable(item, {
      hops,
      follow: (to, hop) => {
        const target = readNodeAddress(to.host, to.port, at)
        if (target === undefined || this.#status === 'closed') return false
        const next = this.#redirectable({ direction, item, at: target, hops: hop })
        if (to.kind === 'ask') void this.#laneTo(target).ask(next, this.#options.timeoutMs)
        else {
          this.#map.assign(to.slot, target)
          this.#lookIn(0)
          this.#laneTo(target).offer(direction, next)
        }
        return true
      },
    })
  }

  #connections(): RedisConnection[] {
    return [...this.#lanes.values()].map(({ connection }) => connection)
  }

  #laneTo(address: HostPort): Lane {
    const name = addressText(address)
    const existing = this.#lanes.get(name)
    if (existing !== undefined) return existing
    const lane = new Lane(this.#connect(address))
    this.#lanes.set(name, lane)
    lane.connection.onStatus(() => this.#judge())
    return lane
  }

  #connect(address: HostPort): RedisConnection {
    const { settings, user } = this.#options
    const { username, password } = user ?? settings
    const { password: newPassword = password, tls = settings.tls } = this.#renewed
    return openConnection({
      ...this.#options,
      settings: { ...atNode(settings, address), tls },
      user: { username, password: newPassword },
      // An outage of the Cluster is told here, once.
      reportsOutages: false,
    })
  }

  #lookIn(ms: number): void {
    if (this.#status === 'closed' || this.#looking || this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.#look()
    }, ms)
    this.#timer.unref()
  }

  /** Asks who serves what: first those that work, then everybody else that was ever named. */
  async #look(): Promise<void> {
    if (this.#looking || this.#status === 'closed') return
    this.#looking = true
    const { settings } = this.#options
    const lanes = [...this.#lanes.entries()]
    const working = lanes.filter(([, { connection }]) => connection.status === 'up')
    const others = [...this.#map.nodes, ...settings.clusterNodes].filter(
      (address) => !this.#lanes.has(addressText(address)),
    )
    const { map, error } = await askForSlots({
      connected: working.map(([, { connection }]) => connection),
      others,
      open: (address) => this.#connect(address),
      timeoutMs: Math.min(settings.connectTimeoutMs, NODE_TIMEOUT_MS),
    })
    this.#looking = false
    if (this.#isClosed()) return
    if (map !== undefined) this.#adopt(map)
    else if (error !== undefined) this.#nobodyKnows(error)
    else this.#judge()
  }

  #isClosed(): boolean {
    return this.#status === 'closed'
  }

  #adopt(map: SlotMap): void {
    this.#map = map
    this.#attempts = 0
    this.#retry.forget()
    const primaries = new Set(map.primaries.map(addressText))
    for (const [name, { connection }] of this.#lanes) {
      if (primaries.has(name)) continue
      this.#lanes.delete(name)
      void connection.close()
    }
    for (const address of map.primaries) this.#laneTo(address)
    const held = this.#held
    this.#held = []
    for (const one of held) this.#offer(one)
    this.#judge()
  }

  #nobodyKnows(error: CacheError): void {
    this.#attempts += 1
    this.#retry.failed(error.code)
    if (!this.#connections().some(({ status }) => status === 'up')) {
      this.#lastError = error
      this.#failHeld(error)
      this.#outage(error)
      this.#become('down')
    }
    this.#lookIn(isRefusal(error.code) ? this.#retry.delay(this.#attempts) : WATCH_MS)
  }

  /** What the nodes say together. */
  #judge(): void {
    if (this.#status === 'closed' || this.#map.nodes.length === 0) return
    const connections = this.#connections()
    const missing = connections.find(({ status }) => status === 'down')
    const isUp = connections.some(({ status }) => status === 'up')
    const reason = missing?.lastError ?? (this.#map.isComplete ? undefined : uncovered('CONNECT'))
    if (reason !== undefined) {
      this.#outage(reason)
      this.#lookIn(WATCH_MS)
    } else if (connections.every(({ status }) => status === 'up')) this.#recovered()
    if (isUp) {
      this.#lastError = undefined
      this.#become('up')
    } else if (missing !== undefined) {
      this.#lastError = missing.lastError
      this.#become('down')
    }
  }

  #outage({ code, message }: CacheError): void {
    if (this.#outageSince !== undefined) return
    this.#outageSince = this.#now()
    this.#options.events.emit('redis.unavailable', { errorCode: code, message })
  }

  #recovered(): void {
    if (this.#outageSince === undefined) return
    this.#options.events.emit('redis.recovered', { outageMs: Math.round(this.#now() - this.#outageSince) })
    this.#outageSince = undefined
  }

  #failHeld(error: CacheError): void {
    const held = this.#held
    this.#held = []
    for (const { item } of held) item.failed(error)
  }

  #become(status: ConnectionStatus): void {
    if (this.#status === status || this.#status === 'closed') return
    this.#status = status
    for (const listener of this.#listeners) listener(status)
  }

  #nothingSeen(): ConnectionFacts {
    return {
      purpose: this.#options.purpose,
      endpoint: this.#identity.endpoint,
      status: this.#status,
      authenticatedAs: undefined,
      tls: undefined,
      remoteAddress: undefined,
      serverVersion: undefined,
      serverRole: undefined,
      connectedSince: undefined,
      reconnects: 0,
      lastErrorCode: this.#lastError?.code,
    }
  }
}

function uncovered(operation: string): CacheError {
  return new RedisError(
    'ERR_REDIS_REPLY',
    'no node of the Cluster serves this part of the keys: bring the missing nodes back, or look at CLUSTER INFO',
    operation.toUpperCase(),
  )
}
