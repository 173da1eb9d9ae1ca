import { joinRegistry, ownRegistry } from '../lib/monitor/metrics-registry.js'
import type { MetricsRegistry } from '../lib/monitor/metrics-registry.js'
import type { Answer } from './status-send.js'
import type { StatusSource } from './status-source.js'

const NO_PROM_CLIENT: Answer = {
  status: 501,
  body: { error: 'metrics need prom-client, which is not installed: npm install prom-client' },
}

/** `GET /metrics`: the metrics of the caches, in a registry of their own or in the application's. */
export class StatusMetrics {
  readonly #given: MetricsRegistry | undefined
  #sources: readonly StatusSource[] = []
  #joined = false

  constructor(registry: MetricsRegistry | undefined) {
    this.#given = registry
  }

  /** Joins the application's registry, where there is one, as soon as the caches are known. */
  join(sources: readonly StatusSource[]): void {
    this.#sources = sources
    if (this.#given === undefined || this.#joined || sources.length === 0) return
    joinRegistry(this.#given, () => this.#sources)
    this.#joined = true
  }

  async answer(sources: readonly StatusSource[]): Promise<Answer> {
    const registry = this.#given ?? (await ownRegistry(() => sources))
    if (registry === undefined) return NO_PROM_CLIENT
    return { status: 200, type: registry.contentType, body: await registry.metrics() }
  }
}
