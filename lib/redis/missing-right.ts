import { ROLES } from '../access/roles.js'
import type { Seen } from './error-mapping.js'
import { userOf } from './error-mapping.js'

/**
 * `cache_service lacks +scan: …`: the missing right as one would write it into users.acl, and what the
 * table of roles says about it. The command is taken from the server's text, where it stands in quotes; it
 * is a name that the server knows, not what somebody sent.
 */
export function missingRight(seen: Seen): string {
  const command = /'([\w|-]{1,40})' command/.exec(seen.text)?.[1]?.toLowerCase()
  return `NOPERM ${userOf(seen)} lacks ${command === undefined ? missingPattern(seen) : `+${command}: ${advice(command, userOf(seen))}`}`
}

function missingPattern({ text, context }: Seen): string {
  return text.includes('channel')
    ? "a channel pattern: add &pattern to the user's line in users.acl and load it"
    : `the key pattern of this key: its keys are those of REDIS_KEY_PREFIX${context.keyPrefix === undefined ? '' : `, ~${context.keyPrefix}*`}`
}

function advice(command: string, userName: string): string {
  const holders = ROLES.filter(({ commands }) => commands !== 'all' && commands.includes(command))
  if (holders.some(({ username }) => username === userName)) {
    return 'its role has this right, the server does not know: generate users.acl anew and load it (ACL LOAD)'
  }
  const others = holders.map(({ username }) => username).join(', ')
  const elsewhere = others === '' ? 'no role of ours has this right' : `this is a right of ${others}`
  return `${elsewhere}; where it is really needed, add it to the user's line in users.acl and load it`
}
