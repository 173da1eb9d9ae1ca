import type { Settings } from '../lib/settings/settings.js'
import type { CertificatePlan } from './certificate-set.js'
import type { DirectoryName, Target } from './folder.js'
import { serverNames } from './listener.js'
import { usernameOf } from './password-set.js'
import { layoutsOf, namesIn, nodesOf } from './topology.js'

/**
 * One key for each purpose (TLS-014): the servers, the Sentinels, the health check, the application, each
 * operator's role. Servers of one deployment share a key, because they share the folder that holds it.
 */
export function certificatePlans(settings: Settings, target: Target): readonly CertificatePlan[] {
  if (settings.redis.tls === undefined) return []
  const { servers, sentinels } = nodesOf(layoutsOf(settings, target))
  const client = (directory: DirectoryName, file: string, commonName: string): CertificatePlan => ({
    directory,
    file,
    role: 'client',
    // A subject holds 64 characters (RFC 5280), a user name up to 128.
    commonName: commonName.slice(0, 64),
    names: [file],
  })
  const health = usernameOf(settings, 'health')
  return [
    {
      directory: 'tls',
      file: 'server',
      // A replica connects to its primary with it, a server of a Cluster to all others.
      role: servers.length > 0 ? 'both' : 'server',
      commonName: 'redis',
      names: [...new Set([...serverNames({ settings, target }), ...namesIn(servers)])],
    },
    client('tls', 'health', health),
    ...(sentinels.length === 0
      ? []
      : [
          {
            directory: 'sentinel',
            file: 'sentinel',
            role: 'both',
            commonName: 'sentinel',
            names: [...new Set(['localhost', '127.0.0.1', ...namesIn(sentinels)])],
          } as const,
          client('sentinel', 'health', health),
        ]),
    client('app', 'client', usernameOf(settings, 'cache')),
    client('operator', 'admin', usernameOf(settings, 'admin')),
    client('operator', 'operator', usernameOf(settings, 'operator')),
    client('operator', 'auditor', usernameOf(settings, 'auditor')),
  ]
}
