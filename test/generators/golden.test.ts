import { describe, it } from 'mocha'
import { renderAcl, renderCatalogue, rolesOf } from '../../generators/catalogue.js'
import type { Target } from '../../generators/folder.js'
import { resolveServer } from '../../generators/server-version.js'
import { renderTopology } from '../../generators/topology-files.js'
import { buildView } from '../../generators/view-model.js'
import { roleOf } from '../../lib/access/roles.js'
import { Secret } from '../../lib/settings/secret.js'
import { expectGolden } from '../support/golden.js'
import { freshSettings, type Overrides } from '../support/generated-folder.js'

interface Combination {
  readonly name: string
  readonly target: Target
  readonly overrides: Overrides
}

const COMBINATIONS: readonly Combination[] = [
  { name: 'container-cache', target: 'container', overrides: {} },
  {
    name: 'container-data-compatible',
    target: 'container',
    overrides: {
      REDIS_VERSION: '8.10',
      REDIS_PROFILE: 'data',
      REDIS_TLS_PROFILE: 'compatible',
      REDIS_MAX_MEMORY: '2gb',
      REDIS_KEY_PREFIX: 'shop[eu]:',
      CACHE_MAX_VALUE_BYTES: '4mb',
    },
  },
  { name: 'container-oldest', target: 'container', overrides: { REDIS_VERSION: '6.2' } },
  { name: 'container-replica', target: 'container', overrides: { REDIS_TOPOLOGY: 'replica' } },
  {
    name: 'container-sentinel-data',
    target: 'container',
    overrides: { REDIS_TOPOLOGY: 'sentinel', REDIS_PROFILE: 'data', REDIS_VERSION: 'valkey-8.1' },
  },
  { name: 'container-cluster', target: 'container', overrides: { REDIS_TOPOLOGY: 'cluster' } },
  {
    name: 'local-sentinel',
    target: 'local',
    overrides: { REDIS_VERSION: '7.0', REDIS_TOPOLOGY: 'sentinel', REDIS_PORT: '6390' },
  },
  { name: 'local-cache', target: 'local', overrides: { REDIS_VERSION: '7.0', REDIS_PORT: '6390' } },
  {
    name: 'local-development',
    target: 'local',
    overrides: {
      REDIS_VERSION: '7.0',
      REDIS_DEV_MODE: 'true',
      REDIS_TLS_ENABLED: 'false',
      REDIS_TLS_CA_FILE: '',
    },
  },
]

describe('the rendered files @once', () => {
  for (const { name, target, overrides } of COMBINATIONS) {
    it(`are those kept as test/golden/${name}`, async () => {
      const settings = await freshSettings(overrides)
      const server = await resolveServer(settings.server.version, target)
      const place = { settings, server, target, out: '/srv/secure-redis' }
      const view = buildView({
        ...place,
        owner: { uid: 1000, gid: 1000 },
        command: 'npx secure-cache generate-config',
      })
      const users = Object.fromEntries(
        rolesOf(settings).map((role, index) => [
          role,
          { username: roleOf(role).username, passwordHashes: [index.toString(16).repeat(64)] },
        ]),
      )
      const files = [
        ...(await renderCatalogue(view)),
        renderAcl({ settings, version: server.version, users, now: Date.now() }),
        ...(await renderTopology(place, view, {
          users,
          passwords: Object.fromEntries(
            rolesOf(settings).map((role) => [role, new Secret(`password-of-${role}`)]),
          ),
          files: [],
        })),
      ]
      for (const { path, text } of files) await expectGolden(`${name}/${path.replace(/^\./, 'dot-')}`, text)
    })
  }
})
