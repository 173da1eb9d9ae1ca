import { aclFile, type AclUser } from '../lib/access/roles.js'
import type { ServerVersion } from '../lib/redis/versions.js'
import type { Settings, UserRole } from '../lib/settings/settings.js'
import { PRIVATE, PUBLIC, type OutputFile, type Target } from './folder.js'
import { renderTemplate, type TemplateName } from './render.js'
import { DEVELOPMENT_COMPOSE, type View } from './view-model.js'

/** A file that is rendered from a template. */
export interface CatalogueEntry {
  readonly path: string
  readonly template: TemplateName
  readonly mode: number
  readonly targets: readonly Target[]
  /** The part of the view model that the template sees. */
  readonly view: (view: View) => object
}

const BOTH: readonly Target[] = ['container', 'local']

/** Which files, from which template, with which mode, for which target. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  { path: 'conf/redis.conf', template: 'redis.conf.hbs', mode: PRIVATE, targets: BOTH, view: (view) => view },
  {
    path: 'docker-compose.yml',
    template: 'docker-compose.yml.hbs',
    mode: PUBLIC,
    targets: ['container'],
    view: ({ header, compose }) => ({ header, ...compose }),
  },
  {
    path: DEVELOPMENT_COMPOSE,
    template: 'docker-compose.yml.hbs',
    mode: PUBLIC,
    targets: ['container'],
    view: ({ header, developmentCompose }) => ({ header, ...developmentCompose }),
  },
  {
    path: 'network-policy.yaml',
    template: 'network-policy.yaml.hbs',
    mode: PUBLIC,
    targets: ['container'],
    view: ({ header, compose, network }) => ({ header, project: compose.project, port: network.port }),
  },
  { path: '.gitignore', template: 'gitignore.hbs', mode: PUBLIC, targets: BOTH, view: () => ({}) },
  {
    path: 'README.md',
    template: 'README.md.hbs',
    mode: PUBLIC,
    targets: BOTH,
    view: ({ header, guide }) => ({ header, ...guide }),
  },
]

/** Roles that a single server needs users for. */
export const STANDALONE_ROLES: readonly UserRole[] = [
  'cache',
  'maintenance',
  'health',
  'monitor',
  'auditor',
  'operator',
  'admin',
]

/** Renders every template of the catalogue that the target has. */
export async function renderCatalogue(view: View): Promise<readonly OutputFile[]> {
  const entries = CATALOGUE.filter(({ targets }) => targets.includes(view.header.target))
  return Promise.all(
    entries.map(async ({ path, template, mode, view: part }) => ({
      path,
      mode,
      text: await renderTemplate(template, part(view)),
    })),
  )
}

/**
 * users.acl comes from the table of roles as it is: the format knows neither comments nor quoting.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID for a name or prefix that the file cannot hold
 */
export function renderAcl(parts: {
  readonly settings: Settings
  readonly version: ServerVersion
  readonly users: Readonly<Partial<Record<UserRole, AclUser>>>
}): OutputFile {
  const { settings, version, users } = parts
  const text = aclFile({ keyPrefix: settings.redis.keyPrefix, version, users })
  return { path: 'conf/users.acl', text, mode: PRIVATE }
}
