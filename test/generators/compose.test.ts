import { expect } from 'chai'
import { describe, it } from 'mocha'
import { parseDocument } from 'yaml'
import { composeIdentity } from '../../generators/compose-identity.js'
import { renderCatalogue } from '../../generators/catalogue.js'
import { resolveServer } from '../../generators/server-version.js'
import { buildView } from '../../generators/view-model.js'
import { freshSettings, type Overrides } from '../support/generated-folder.js'
import { HOSTILE_TEXTS } from '../support/hostile-texts.js'

interface Compose {
  name: string
  services: Record<string, Record<string, unknown>>
  networks: Record<string, Record<string, unknown>>
}

async function composeOf(overrides: Overrides = {}): Promise<{ text: string; parsed: Compose }> {
  const settings = await freshSettings(overrides)
  const view = buildView({
    settings,
    server: await resolveServer(settings.server.version, 'container'),
    target: 'container',
    out: '/srv/secure-redis',
    owner: { uid: 1000, gid: 1000 },
    command: 'npx secure-cache generate-config',
  })
  const text = (await renderCatalogue(view)).find(({ path }) => path === 'docker-compose.yml')?.text ?? ''
  const document = parseDocument(text, { uniqueKeys: true, strict: true })
  expect([...document.errors, ...document.warnings].map(String)).to.deep.equal([])
  return { text, parsed: document.toJS() as Compose }
}

describe('docker-compose.yml', () => {
  it('has one service, reachable from one isolated network alone', async () => {
    const { parsed } = await composeOf()
    expect(Object.keys(parsed.services)).to.deep.equal(['redis'])
    expect(parsed.services['redis']).to.not.have.any.keys(
      'ports',
      'expose',
      'network_mode',
      'privileged',
      'pid',
    )
    expect(parsed.services['redis']?.['networks']).to.deep.equal(['cache'])
    expect(parsed.networks['cache']).to.include({ internal: true, enable_ipv6: false })
  })

  it('hardens the container', async () => {
    const { parsed } = await composeOf()
    expect(parsed.services['redis']).to.deep.include({
      user: '1000:1000',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      pids_limit: 64,
      mem_limit: 402_653_184,
      restart: 'on-failure:5',
      entrypoint: ['redis-server'],
      command: ['/conf/redis.conf'],
    })
  })

  it('mounts whole folders, read-only, and never that of the operator or the application', async () => {
    for (const overrides of [{}, { REDIS_PROFILE: 'data' }]) {
      const { parsed } = await composeOf(overrides)
      const volumes = parsed.services['redis']?.['volumes'] as { source: string; read_only?: boolean }[]
      for (const { source, read_only: readOnly } of volumes) {
        expect(source).to.match(/^\.\/(?:conf|tls|secrets|data)$/)
        expect(readOnly, source).to.equal(source === './data' ? undefined : true)
      }
      expect(volumes.some(({ source }) => source === './data')).to.equal('REDIS_PROFILE' in overrides)
    }
  })

  it('limits memory above what the data may take, for small and large servers', async () => {
    for (const [setting, bytes] of [
      ['4mb', 4 * 2 ** 20],
      ['256mb', 2 ** 28],
      ['64gb', 2 ** 36],
    ] as const) {
      const { parsed } = await composeOf({ REDIS_MAX_MEMORY: setting })
      const limit = Number(parsed.services['redis']?.['mem_limit'])
      expect(limit, setting).to.be.greaterThan(bytes * 1.2)
    }
  })

  it('holds no secret and no interpolation', async () => {
    const { text } = await composeOf({ REDIS_HEALTH_PASSWORD: 'health-canary-password' })
    expect(text).not.to.include('canary')
    // The first line is a comment for editors, and names a schema.
    const lines = text.replace(/^# yaml-language-server: \$schema=\S+\n/, '')
    expect(lines.replaceAll('$$', '')).not.to.include('$')
  })

  it('keeps two applications apart by name and subnet, for every prefix', async () => {
    const names = new Set<string>()
    const prefixes = [...new Set(['ai_cache', 'ai-cache', 'shop', 'SHOP', 'x'.repeat(100), ...HOSTILE_TEXTS])]
    for (const prefix of prefixes) {
      const { project, subnet } = composeIdentity(`${prefix}:`)
      expect(project, JSON.stringify(prefix)).to.match(/^[a-z0-9][a-z0-9_-]*$/)
      expect(subnet).to.match(
        /^10\.203\.(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])\.(?:0|16|32|48|64|80|96|112|128|144|160|176|192|208|224|240)\/28$/,
      )
      names.add(project)
    }
    // `_` and `-` look the same in a project name; everything else is told apart.
    expect(names.size).to.equal(prefixes.length - 1)
    expect(composeIdentity('ai_cache:').project).to.equal('ai-cache-redis')
  })
})
