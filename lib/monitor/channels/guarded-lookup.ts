import { lookup } from 'node:dns'
import { isIP } from 'node:net'
import type { LookupFunction } from 'node:net'
import { ChannelFailure } from './channel.js'

/** Which addresses a connection may be made to. */
export type AddressRule = (address: string) => boolean

/**
 * Resolves a name for a connection, and refuses it where any of its addresses is not allowed. The check is made
 * on the addresses that the connection then uses: a name that resolves to something else a moment later gains
 * nothing (DNS rebinding).
 */
export function guardedLookup(isAllowed: AddressRule): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? []
      if (error !== null || first === undefined) {
        done(new ChannelFailure('its name cannot be resolved'), '')
      } else if (!addresses.every(({ address }) => isAllowed(address))) {
        done(notAllowed(), '')
      } else if (options.all === true) {
        done(null, addresses)
      } else {
        done(null, first.address, first.family)
      }
    })
  }
}

/** An address needs no lookup, and gets none: it is checked here. `host` as in a URL, IPv6 in brackets. */
export function checkLiteral(host: string, isAllowed: AddressRule): void {
  const address = host.replace(/^\[(.*)\]$/, '$1')
  if (isIP(address) !== 0 && !isAllowed(address)) throw notAllowed()
}

function notAllowed(): ChannelFailure {
  return new ChannelFailure(
    'its address is not allowed: private targets need SECURITY_ALERT_WEBHOOK_ALLOW_PRIVATE=true, and plain http:// ' +
      'leads to private ones alone',
    { final: true },
  )
}
