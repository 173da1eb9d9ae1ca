/**
 * What one event costs, from the call that emits it to all counters, and with the alerts that hear it as well, and
 * what it leaves in memory:
 * `node --expose-gc dist/bench/monitor.js`.
 */
import { stdout } from 'node:process'
import { SecurityEvents } from '../lib/events.js'
import { LOCAL_CLAIMS } from '../lib/monitor/alert-claims.js'
import { AlertDelivery } from '../lib/monitor/alert-delivery.js'
import { Alerts } from '../lib/monitor/alerts.js'
import { createSecurityMonitor } from '../lib/monitor/security-monitor.js'

const EVENTS = 200_000
const ROUNDS = 5
/** The clock of a storm: 10 000 events a second. */
const STEP_MS = 0.1

interface Variant {
  readonly name: string
  readonly emit: (events: SecurityEvents) => void
}

const VARIANTS: readonly Variant[] = [
  {
    name: 'decrypt.failure',
    emit: (events) => events.emit('decrypt.failure', { reason: 'tag', operation: 'get' }),
  },
  {
    name: 'auth.failure',
    emit: (events) => events.emit('auth.failure', { errorCode: 'ERR_REDIS_WRONGPASS', source: 'own' }),
  },
  { name: 'redis.recovered', emit: (events) => events.emit('redis.recovered', { outageMs: 5 }) },
]

function heapMegabytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 1024 / 1024
}

/** Who listens, each with all before it. */
const LISTENERS = ['nobody', 'the monitor', 'the alerts'] as const

/** Microseconds an event, of the median round, and how the heap grew over all rounds after the first. */
async function measure(
  { emit }: Variant,
  listening: (typeof LISTENERS)[number],
): Promise<{ us: number; grownMb: number }> {
  let clock = Date.now()
  const events = new SecurityEvents(() => clock)
  const now = (): number => clock
  const monitor = listening === 'nobody' ? undefined : createSecurityMonitor({ events, now })
  const alerts =
    monitor === undefined || listening !== 'the alerts'
      ? undefined
      : new Alerts({
          events,
          monitor,
          thresholds: { authFailuresPerHour: 10, encryptionErrorsPerHour: 5, connectionFailuresPerHour: 20 },
          delivery: new AlertDelivery({ channels: [], events }),
          claims: LOCAL_CLAIMS,
          keyPrefix: 'ai_cache:',
          cli: (_person, command) => command,
          hide: (text) => text,
          now,
        })
  const rounds: number[] = []
  let heap = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = performance.now()
    for (let sent = 0; sent < EVENTS; sent += 1) {
      clock += STEP_MS
      emit(events)
    }
    rounds.push(((performance.now() - started) * 1000) / EVENTS)
    if (round === 0) heap = heapMegabytes()
  }
  const grownMb = heapMegabytes() - heap
  await alerts?.close()
  monitor?.close()
  return { us: rounds.toSorted((one, other) => one - other)[ROUNDS >> 1] ?? Number.NaN, grownMb }
}

stdout.write(`${String(EVENTS * ROUNDS)} events each\n`)
for (const variant of VARIANTS) {
  const costs: string[] = []
  for (const listening of LISTENERS) {
    const { us, grownMb } = await measure(variant, listening)
    costs.push(`${listening} ${us.toFixed(2)} µs (heap ${grownMb >= 0 ? '+' : ''}${grownMb.toFixed(2)} MB)`)
  }
  stdout.write(`${variant.name.padEnd(16)} ${costs.join(', ')}\n`)
}
