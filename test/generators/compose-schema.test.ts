import { readFile } from 'node:fs/promises'
import { Ajv } from 'ajv'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { parse } from 'yaml'
import { renderCatalogue } from '../../generators/catalogue.js'
import { resolveServer } from '../../generators/server-version.js'
import { buildView } from '../../generators/view-model.js'
import { freshSettings, type Overrides } from '../support/generated-folder.js'

const SCHEMA = new URL('../../../test/support/schemas/compose.json', import.meta.url)
const FILES = ['docker-compose.yml', 'docker-compose.dev.yml'] as const

async function filesOf(overrides: Overrides): Promise<ReadonlyMap<string, string>> {
  const settings = await freshSettings(overrides)
  const server = await resolveServer(settings.server.version, 'container')
  const view = buildView({
    settings,
    server,
    target: 'container',
    out: '/srv/secure-redis',
    owner: { uid: 1000, gid: 1000 },
    command: 'npx secure-cache generate-config',
  })
  return new Map((await renderCatalogue(view)).map(({ path, text }) => [path, text]))
}

/** The file with its example made real, as a person does it: by removing comment signs. */
function uncommented(text: string): string {
  const lines = text.split('\n')
  const first = lines.indexOf('  # backend:')
  const end = lines.indexOf('', first)
  expect(first, 'the example').to.be.greaterThan(0)
  return lines
    .map((line, index) => (index >= first && index < end ? line.replace('  # ', '  ') : line))
    .join('\n')
    .replace('  # outside: {}', '  outside: {}')
}

describe('Compose files, under the Compose Specification @once', () => {
  let check: (value: unknown) => readonly string[]

  before(async () => {
    const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(
      JSON.parse(await readFile(SCHEMA, 'utf8')) as object,
    )
    check = (value) =>
      validate(value)
        ? []
        : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`)
  })

  for (const profile of ['cache', 'data']) {
    for (const tls of ['modern', 'compatible']) {
      it(`are valid for profile ${profile} and TLS ${tls}`, async () => {
        const files = await filesOf({ REDIS_PROFILE: profile, REDIS_TLS_PROFILE: tls })
        for (const path of FILES)
          expect(check(parse(files.get(path) ?? '', { merge: true })), path).to.deep.equal([])
      })
    }
  }

  for (const topology of ['replica', 'sentinel', 'cluster']) {
    it(`are valid for topology ${topology}`, async () => {
      const files = await filesOf({ REDIS_TOPOLOGY: topology })
      for (const path of FILES)
        expect(check(parse(files.get(path) ?? '', { merge: true })), path).to.deep.equal([])
    })
  }

  it('would be refused with a misspelt key, a missing type or a wrong policy', async () => {
    const text = (await filesOf({})).get('docker-compose.yml') ?? ''
    for (const [from, to] of [
      ['cap_drop:', 'cap_dropp:'],
      ['- type: bind', '- kind: bind'],
      ['on-failure:5', 'sometimes'],
      ['internal: true', 'internal: "perhaps"'],
    ] as const) {
      expect(text).to.include(from)
      expect(check(parse(text.replace(from, to))), to).not.to.deep.equal([])
    }
  })

  it('hold an example of a backend that is valid once its comment signs are gone', async () => {
    for (const path of FILES) {
      const text = uncommented((await filesOf({})).get(path) ?? '')
      const parsed = parse(text, { merge: true }) as {
        services: Record<string, { networks: string[] }>
        networks: Record<string, unknown>
      }
      expect(check(parsed), path).to.deep.equal([])
      expect(parsed.services['backend']?.networks, path).to.deep.equal(['cache', 'outside'])
      expect(Object.keys(parsed.networks), path).to.deep.equal(['cache', 'outside'])
    }
  })

  it('publish a port for development alone, on this machine alone', async () => {
    const files = await filesOf({ REDIS_PORT: '6390' })
    const parsed = FILES.map(
      (path) => parse(files.get(path) ?? '', { merge: true }) as Record<string, unknown>,
    )
    const [production, development] = parsed.map(
      ({ services }) => (services as Record<string, Record<string, unknown>>)['redis'],
    )
    expect(production).not.to.have.property('ports')
    expect(development?.['ports']).to.deep.equal([
      { target: 6379, host_ip: '127.0.0.1', published: '6390', protocol: 'tcp' },
    ])
    const { ports: _ports, ...hardened } = development ?? {}
    expect(hardened, 'all else is the same').to.deep.equal(production)
    expect(parsed.map(({ name }) => name)).to.deep.equal(['ai-cache-redis', 'ai-cache-redis-dev'])
  })
})
