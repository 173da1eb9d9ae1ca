import { expect } from 'chai'
import { describe, it } from 'mocha'
import { parseDocument } from 'yaml'
import { renderCatalogue } from '../../generators/catalogue.js'
import { resolveServer } from '../../generators/server-version.js'
import { buildView } from '../../generators/view-model.js'
import { freshSettings, type Overrides } from '../support/generated-folder.js'

async function policyOf(overrides: Overrides, target: 'container' | 'local' = 'container') {
  const settings = await freshSettings(overrides)
  const view = buildView({
    settings,
    server: await resolveServer('7.4', target),
    target,
    out: '/srv/secure-redis',
    owner: { uid: 1000, gid: 1000 },
    command: 'npx secure-cache generate-config',
  })
  const file = (await renderCatalogue(view)).find(({ path }) => path === 'network-policy.yaml')
  if (file === undefined) return undefined
  const document = parseDocument(file.text, { uniqueKeys: true, strict: true })
  expect([...document.errors, ...document.warnings].map(String)).to.deep.equal([])
  return document.toJS() as Record<string, unknown>
}

describe('network-policy.yaml', () => {
  it('lets labelled pods in on the one port, and nothing out', async () => {
    const project = 'shop-redis'
    expect(await policyOf({ REDIS_KEY_PREFIX: 'shop:' })).to.deep.equal({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: project },
      spec: {
        podSelector: {
          matchLabels: { 'app.kubernetes.io/name': 'redis', 'app.kubernetes.io/instance': project },
        },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [
          {
            from: [{ podSelector: { matchLabels: { 'express-secure-cache/client-of': project } } }],
            ports: [{ protocol: 'TCP', port: 6379 }],
          },
        ],
        egress: [],
      },
    })
  })

  it('has names and labels within 63 characters, for a long and a strange prefix', async () => {
    for (const prefix of [`${'x'.repeat(100)}:`, 'shop[eu]:']) {
      const policy = await policyOf({ REDIS_KEY_PREFIX: prefix })
      expect(policy?.['metadata'])
        .to.have.property('name')
        .that.matches(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/)
    }
  })

  it('is not written for a server outside of containers', async () => {
    expect(await policyOf({}, 'local')).to.equal(undefined)
  })
})
