import { describe, it } from 'mocha'
import { STANDALONE_ROLES, renderAcl, renderCatalogue } from '../../generators/catalogue.js'
import type { Target } from '../../generators/folder.js'
import { resolveServer } from '../../generators/server-version.js'
import { buildView } from '../../generators/view-model.js'
import { roleOf } from '../../lib/access/roles.js'
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

describe('the rendered files', () => {
  for (const { name, target, overrides } of COMBINATIONS) {
    it(`are those kept as test/golden/${name}`, async () => {
      const settings = await freshSettings(overrides)
      const server = await resolveServer(settings.server.version, target)
      const view = buildView({
        settings,
        server,
        target,
        out: '/srv/secure-redis',
        owner: { uid: 1000, gid: 1000 },
        command: 'npx secure-cache generate-config',
      })
      const users = Object.fromEntries(
        STANDALONE_ROLES.map((role, index) => [
          role,
          { username: roleOf(role).username, passwordHashes: [String(index).repeat(64)] },
        ]),
      )
      const files = [
        ...(await renderCatalogue(view)),
        renderAcl({ settings, version: server.version, users }),
      ]
      for (const { path, text } of files) await expectGolden(`${name}/${path.replace(/^\./, 'dot-')}`, text)
    })
  }
})
