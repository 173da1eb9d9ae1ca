import type { UserRole } from '../settings/settings.js'
import { contentIn, sameContent } from './changes.js'
import { fromUtf8 } from './server-state.js'
import type { Step, StepContext } from './step.js'

/** What the settings lack for these steps, or what of the server they would overwrite. */
export function obstaclesOfSettings(context: StepContext, steps: readonly Step[]): readonly string[] {
  const { users, hashes, state, destination, tlsFiles } = context
  const hasTls = steps.some(({ id }) => id === 'tls')
  const taken = Object.values(hashes).flatMap(({ username }) =>
    state.users.has(fromUtf8(username)) ? [username] : [],
  )
  const tlsPort = state.config.get('tls-port') ?? '0'
  const otherTls = hasTls ? directivesOfTls(context, steps) : []
  const lacks = (role: UserRole): boolean => users[role] === undefined
  const rows: readonly (readonly [holds: boolean, text: string])[] = [
    [
      lacks('admin'),
      'REDIS_PASSWORD is missing: the password of the user who goes on when the default user is off',
    ],
    [lacks('cache'), "REDIS_CACHE_PASSWORD is missing: the application's own login"],
    [
      taken.length > 0,
      `the server has users of our names already: ${taken.join(', ')}; rename or remove them first`,
    ],
    [!state.users.has('default'), 'the server has no default user'],
    [
      hasTls && !state.config.has('tls-port'),
      'the server was built without TLS: install one that was built with it, or put it behind a TLS proxy',
    ],
    [
      hasTls && tlsPort !== '0' && otherTls.length > 0,
      `the server serves TLS already, on port ${tlsPort}, in another way than the step would (${otherTls.join(', ')}), so that its clients there would be cut off: ` +
        'name its port and files with --tls-port and --server-tls, and set the rest as the generated redis.conf does when its clients can; or let them use the plaintext port and CONFIG SET tls-port 0 first',
    ],
    [
      hasTls && tlsFiles === undefined,
      'the paths of the certificates are missing: generate-config makes them',
    ],
    [
      hasTls && destination.today.port === destination.tlsPort,
      'TLS needs a port of its own beside the one of today: REDIS_PORT, or --tls-port',
    ],
  ]
  return rows.flatMap(([holds, text]) => (holds ? [text] : []))
}

/** Names of what the TLS step would set to something else than it is. */
function directivesOfTls(context: StepContext, steps: readonly Step[]): readonly string[] {
  const added = steps.find(({ id }) => id === 'tls')?.changes(context).expand ?? []
  return added.flatMap((change) => {
    const wanted = change.kind === 'config' ? change.value : change.rules
    return sameContent(contentIn(context.state, change), wanted) ? [] : [change.name]
  })
}
