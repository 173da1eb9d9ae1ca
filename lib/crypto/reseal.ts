import { OpenError } from '../errors.js'
import { describeHeader } from './header.js'
import type { SealedNamespace } from './sealed-namespace.js'

type Sealing = Pick<SealedNamespace, 'seal' | 'open'>

/**
 * The same value under the primary key: value, issue time, lifetime, metadata, compression and padding stay, so
 * that nothing lives longer or tells more by being sealed anew.
 *
 * @throws OpenError for what was not sealed for this key in this namespace; CacheError ERR_CACHE_SEAL before the
 *   keys are ready
 */
export function reseal(namespace: Sealing, key: string, sealed: Uint8Array): Buffer {
  const facts = describeHeader(sealed)
  if (facts === undefined) throw new OpenError('format')
  const { payload, codec, issuedAt, lifetimeSeconds, metadata } = namespace.open(key, sealed)
  const { compression, padded } = facts
  return namespace.seal(key, payload, { codec, issuedAt, lifetimeSeconds, metadata, compression, padded })
}
