import { aclFile, type AclUser } from '../lib/access/roles.js'
import type { Settings, UserRole } from '../lib/settings/settings.js'
import { PRIVATE, inFolder, type OutputFile } from './folder.js'
import { passwordPath, usernameOf, type PasswordSet } from './password-set.js'
import { renderTemplate } from './render.js'
import { sentinelPassword, sentinelView, serverView, type TopologyInput } from './topology-view.js'
import type { View } from './view-model.js'

/**
 * What each server and each Sentinel of a topology has for itself, and the files with which they log in to each
 * other. Nothing for a single server.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID for a password or name that one of the formats cannot hold
 */
export async function renderTopology(
  input: TopologyInput,
  view: View,
  passwords: PasswordSet,
): Promise<readonly OutputFile[]> {
  const { layouts, header, tls, network } = view
  if (layouts === undefined) return []
  const { settings } = input
  const files: Promise<OutputFile>[] = [
    rendered('conf/replication.conf', 'replication.conf.hbs', {
      header,
      username: usernameOf(settings, 'replica'),
      password: passwords.passwords.replica?.reveal() ?? '',
    }),
  ]
  for (const layout of [layouts.main, ...(layouts.development === undefined ? [] : [layouts.development])]) {
    const [primary] = layout.servers
    for (const node of layout.servers) {
      const own = serverView(input, node)
      files.push(rendered(node.conf, 'redis-node.conf.hbs', { header, tls: tls !== false, ...own }))
    }
    for (const node of layout.sentinels) {
      const own = sentinelView(input, node, primary)
      const password = passwords.passwords.sentinel
      const text = password === undefined ? '' : sentinelPassword(password)
      files.push(rendered(node.conf, 'sentinel.conf.hbs', { header, tls, network, ...own, password: text }))
    }
  }
  const sentinels = layouts.main.sentinels.length > 0
  return [...(await Promise.all(files)), ...(sentinels ? sentinelAccess(input, passwords) : [])]
}

/** Users of the Sentinels, and the password of their health check. */
function sentinelAccess(
  { settings, server }: TopologyInput,
  { users, files }: PasswordSet,
): readonly OutputFile[] {
  const health = files.find(({ path }) => path === passwordPath('health'))
  return [
    {
      path: inFolder('sentinel', 'users.acl'),
      text: sentinelAcl({ settings, version: server.version, users }),
      mode: PRIVATE,
    },
    ...(health === undefined ? [] : [{ ...health, path: inFolder('sentinel', 'health_password') }]),
  ]
}

/**
 * The access list of the Sentinels, from the table of roles.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID for a name that the file cannot hold
 */
export function sentinelAcl(parts: {
  readonly settings: Settings
  readonly version: TopologyInput['server']['version']
  readonly users: Readonly<Partial<Record<UserRole, AclUser>>>
}): string {
  const { settings, version, users } = parts
  return aclFile({ keyPrefix: settings.redis.keyPrefix, version, users, at: 'sentinel' })
}

async function rendered(path: string, template: `${string}.hbs`, view: object): Promise<OutputFile> {
  return { path, mode: PRIVATE, text: await renderTemplate(template, view) }
}
