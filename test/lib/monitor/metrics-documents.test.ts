import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'mocha'
import { parse } from 'yaml'

import { ownRegistry } from '../../../lib/monitor/metrics-registry.js'
import { METRICS } from '../../../lib/monitor/metrics.js'
import { testCache } from '../../support/test-cache.js'

const docs = join(import.meta.dirname, '..', '..', '..', '..', 'docs')

interface Dashboard {
  readonly panels: readonly {
    readonly id: number
    readonly title: string
    readonly targets: readonly { readonly expr: string }[]
  }[]
  readonly templating: { readonly list: readonly { readonly query: string }[] }
}
interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string
      readonly expr: string
      readonly labels: Readonly<Record<string, string>>
      readonly annotations: Readonly<Record<string, string>>
    }[]
  }[]
}

/** Everything in the documents that asks Prometheus something. */
function expressions(): readonly string[] {
  const dashboard = JSON.parse(readFileSync(join(docs, 'grafana-dashboard.json'), 'utf8')) as Dashboard
  const { groups } = parse(readFileSync(join(docs, 'prometheus-alerts.yml'), 'utf8')) as Rules
  return [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.map(({ query }) => query),
    ...groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
  ]
}

describe('the dashboard of Grafana and the rules of Prometheus', () => {
  const all = expressions()
  let exposed: string

  before(async () => {
    const { cache, internals } = testCache({
      backend: 'memory',
      env: { CACHE_UNSAFE_MEMORY: 'true', REDIS_DEV_MODE: 'true' },
    })
    await cache.set('key', 'value')
    await cache.get('key')
    await cache.get('absent')
    internals.events.emit('alert.sent', { kind: 'outage', channel: 'log' })
    internals.events.emit('alert.failed', { kind: 'outage', channel: 'webhook', message: 'nobody there' })
    exposed = (await (await ownRegistry(() => [internals]))?.metrics()) ?? ''
    await cache.close()
  })

  it('ask for metrics that exist, with the suffixes of their type', () => {
    const names = METRICS.flatMap(({ name, type }) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name],
    )
    const asked = all.flatMap((text) => text.match(/\bsecure_cache_\w+/g) ?? [])
    expect(asked).to.not.be.empty
    expect([...new Set(asked)].filter((name) => !names.includes(name))).to.deep.equal([])
  })

  it('leave no metric out', () => {
    const unused = METRICS.filter(({ name }) => !all.some((text) => text.includes(name)))
    expect(unused.map(({ name }) => name)).to.deep.equal([])
  })

  it('select by values that the labels really take', () => {
    const selected = all.flatMap((text) =>
      [...text.matchAll(/(secure_cache_\w+)\{([^}]*)\}/g)].flatMap(([, name = '', labels = '']) =>
        [...labels.matchAll(/(\w+)(?:=~|!=|=)"([^"]*)"/g)]
          .filter(([, label]) => label !== 'job')
          .flatMap(([, label = '', values = '']) =>
            values.split('|').map((value) => ({ name, label, value })),
          ),
      ),
    )
    expect(selected).to.not.be.empty
    const notYet = new Set(['stale'])
    for (const { name, label, value } of selected.filter((one) => !notYet.has(one.value))) {
      expect(exposed, `${name} ${label} ${value}`).to.match(
        new RegExp(`^${name}\\{[^}]*\\b${label}="${value}"`, 'm'),
      )
    }
  })

  it('hold each panel and each rule once, and each rule says what to do', () => {
    const dashboard = JSON.parse(readFileSync(join(docs, 'grafana-dashboard.json'), 'utf8')) as Dashboard
    const { groups } = parse(readFileSync(join(docs, 'prometheus-alerts.yml'), 'utf8')) as Rules
    const rules = groups.flatMap((group) => group.rules)
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).to.equal(dashboard.panels.length)
    expect(new Set(rules.map(({ alert }) => alert)).size).to.equal(rules.length)
    for (const { alert, labels, annotations } of rules) {
      expect(labels['severity'], alert).to.be.oneOf(['warning', 'critical'])
      expect(annotations, alert).to.have.all.keys('summary', 'remedy')
    }
  })
})
