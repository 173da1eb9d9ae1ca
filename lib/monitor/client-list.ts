import { hostOf, portOf } from './address.js'
import { foreignText } from '../foreign-text.js'
import type { ClientsSeen } from './observations.js'

interface Client {
  /** Where it comes from, as Redis writes it: host and port, or the path of a unix socket. */
  readonly remote: string
  readonly local: string
  readonly user: string
  readonly command: string
}

export interface OurSocket {
  /** Our own address and port on this connection, where known. */
  readonly localAddress: string | undefined
  readonly localPort: number | undefined
  readonly overTls: boolean
  readonly user: string
}

/**
 * Where clients come from, and which of them came without TLS: those that arrive at another port than ours
 * does (docs/redis.md). Our own port there need not be the one that we dialled: a container may map it.
 */
export function readClients(list: string, ours: OurSocket): ClientsSeen {
  const clients = list
    .split('\n')
    .filter((line) => line !== '')
    .map(readClient)
    // A unix socket is neither near nor far, and has no TLS to miss.
    .filter(({ remote }) => !remote.startsWith('/'))
  const tlsPort = ours.overTls ? ourPort(clients, ours) : undefined
  const plaintext = clients.filter(({ local }) => portOf(local) !== tlsPort)
  return {
    remote: [...new Set(clients.map(({ remote }) => hostOf(remote)))],
    plaintext: plaintext.length,
    plaintextFrom: plaintext[0] === undefined ? undefined : foreignText(hostOf(plaintext[0].remote)),
  }
}

function readClient(line: string): Client {
  // Values hold no spaces: Redis refuses them in names. A name cannot pass for another field.
  const fields = new Map(
    line.split(' ').map((field) => {
      const equals = field.indexOf('=')
      return [field.slice(0, equals), field.slice(equals + 1)] as const
    }),
  )
  return {
    remote: fields.get('addr') ?? '',
    local: fields.get('laddr') ?? '',
    user: fields.get('user') ?? '',
    command: fields.get('cmd') ?? '',
  }
}

/** Behind address translation we do not know ourselves; but whoever asks for this list as our user is one of us. */
function ourPort(clients: readonly Client[], ours: OurSocket): number | undefined {
  const us =
    clients.find(({ remote }) => hostOf(remote) === ours.localAddress && portOf(remote) === ours.localPort) ??
    clients.find(({ user, command }) => user === ours.user && command === 'client|list')
  return us === undefined ? undefined : portOf(us.local)
}
