import { openPrefixes } from '../lib/access/earlier-prefixes.js'
import { aclFile, type AclUser } from '../lib/access/roles.js'
import type { ServerVersion } from '../lib/redis/versions.js'
import type { Settings, UserRole } from '../lib/settings/settings.js'
import { PRIVATE, PUBLIC, type OutputFile, type Target } from './folder.js'
import { renderTemplate, type TemplateName } from './render.js'
import { SHAPES, type Layouts } from './topology.js'
import { DEVELOPMENT_COMPOSE, createScript, type View } from './view-model.js'

/** A file that is rendered from a template. */
export interface CatalogueEntry {
  readonly path: string
  readonly template: TemplateName
  readonly mode: number
  readonly targets: readonly Target[]
  /** The part of the view model that the template sees; false where these settings have no such file. */
  readonly view: (view: View) => object | false
}

const BOTH: readonly Target[] = ['container', 'local']

/** Which files, from which template, with which mode, for which target. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  { path: 'conf/redis.conf', template: 'redis.conf.hbs', mode: PRIVATE, targets: BOTH, view: (view) => view },
  {
    path: 'conf/start.sh',
    template: 'start.sh.hbs',
    mode: PRIVATE,
    targets: BOTH,
    view: ({ header, programs, layouts }) => hasSentinels(layouts) && { header, server: programs.server },
  },
  {
    path: 'sentinel/start.sh',
    template: 'sentinel-start.sh.hbs',
    mode: PRIVATE,
    targets: BOTH,
    view: ({ header, programs, layouts, watched }) =>
      hasSentinels(layouts) && { header, server: programs.server, watched },
  },
  {
    path: 'docker-compose.yml',
    template: 'docker-compose.yml.hbs',
    mode: PUBLIC,
    targets: ['container'],
    view: ({ header, compose, several }) => several === false && { header, ...compose },
  },
  {
    path: DEVELOPMENT_COMPOSE,
    template: 'docker-compose.yml.hbs',
    mode: PUBLIC,
    targets: ['container'],
    view: ({ header, developmentCompose, several }) => several === false && { header, ...developmentCompose },
  },
  {
    path: 'docker-compose.yml',
    template: 'docker-compose.servers.yml.hbs',
    mode: PUBLIC,
    targets: ['container'],
    view: ({ header, several }) => several !== false && { header, ...several },
  },
  {
    path: DEVELOPMENT_COMPOSE,
    template: 'docker-compose.servers.yml.hbs',
    mode: PUBLIC,
    targets: ['container'],
    view: ({ header, developmentSeveral }) =>
      developmentSeveral !== false && { header, ...developmentSeveral },
  },
  {
    path: createScript(''),
    template: 'create-cluster.sh.hbs',
    mode: PUBLIC,
    targets: BOTH,
    view: ({ header, several }) =>
      several !== false && several.create !== false && { header, ...several.create },
  },
  {
    path: createScript(DEVELOPMENT_COMPOSE),
    template: 'create-cluster.sh.hbs',
    mode: PUBLIC,
    targets: ['container'],
    view: ({ header, developmentSeveral: several }) =>
      several !== false && several.create !== false && { header, ...several.create },
  },
  {
    path: 'network-policy.yaml',
    template: 'network-policy.yaml.hbs',
    mode: PUBLIC,
    targets: ['container'],
    view: ({ header, compose, policy }) => ({ header, project: compose.project, ...policy }),
  },
  {
    path: '.gitignore',
    template: 'gitignore.hbs',
    mode: PUBLIC,
    targets: BOTH,
    view: ({ several }) => ({ several: several !== false }),
  },
  {
    path: 'README.md',
    template: 'README.md.hbs',
    mode: PUBLIC,
    targets: BOTH,
    view: ({ header, guide, layouts }) => ({
      header,
      several: layouts !== undefined,
      sentinels: hasSentinels(layouts),
      ...guide,
    }),
  },
]

function hasSentinels(layouts: Layouts | undefined): boolean {
  return (layouts?.main.sentinels.length ?? 0) > 0
}

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

/** Roles of an output: those of every server, those with which servers log in to each other, and the extra ones. */
export function rolesOf({ server }: Settings): readonly UserRole[] {
  return [...STANDALONE_ROLES, ...SHAPES[server.topology].roles, ...server.extraRoles]
}

/** Renders every template of the catalogue that the target has. */
export async function renderCatalogue(view: View): Promise<readonly OutputFile[]> {
  const entries = CATALOGUE.filter(({ targets }) => targets.includes(view.header.target))
  const rendered = await Promise.all(
    entries.map(async ({ path, template, mode, view: part }) => {
      const shown = part(view)
      return shown === false ? [] : [{ path, mode, text: await renderTemplate(template, shown) }]
    }),
  )
  return rendered.flat()
}

/**
 * users.acl comes from the table of roles as it is: the format knows neither comments nor quoting.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID for a name or prefix that the file cannot hold, and for earlier prefixes
 *   that the server's version cannot open for reading alone
 */
export function renderAcl(parts: {
  readonly settings: Settings
  readonly version: ServerVersion
  readonly users: Readonly<Partial<Record<UserRole, AclUser>>>
  /** Milliseconds since 1970. */
  readonly now: number
}): OutputFile {
  const { settings, version, users, now } = parts
  const features = settings.server.topology === 'cluster' ? (['cluster'] as const) : []
  const earlierPrefixes = openPrefixes(settings.cache, now)
  const { keyPrefix } = settings.redis
  const text = aclFile({ keyPrefix, earlierPrefixes, version, users, features })
  return { path: 'conf/users.acl', text, mode: PRIVATE }
}
