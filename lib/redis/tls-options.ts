import { isIP } from 'node:net'
import type { ConnectionOptions, SecureVersion } from 'node:tls'
import { checkServerIdentity, createSecureContext } from 'node:tls'
import type { TlsSettings } from '../settings/settings.js'
import { fromRedis } from './redis-errors.js'

const OLDEST: Readonly<Record<TlsSettings['profile'], SecureVersion>> = {
  modern: 'TLSv1.3',
  compatible: 'TLSv1.2',
}

/**
 * TLS options of one connection. The private key goes into a `SecureContext`, which nobody can print
 * (`NODE_DEBUG=net` writes the options of every connection). `rejectUnauthorized` and `minVersion` are
 * always written: an inherited NODE_TLS_REJECT_UNAUTHORIZED=0 or an old `--tls-min-v1.0` must not count.
 *
 * @throws {CacheError} ERR_TLS_CLIENT_CERT, ERR_TLS_OTHER for PEM texts that OpenSSL refuses
 */
export function tlsOptions(tls: TlsSettings): ConnectionOptions {
  return {
    secureContext: secureContextOf(tls),
    minVersion: OLDEST[tls.profile],
    rejectUnauthorized: tls.verify,
    ...nameCheck(tls.servername),
  }
}

function secureContextOf({
  ca,
  cert,
  key,
  profile,
}: TlsSettings): NonNullable<ConnectionOptions['secureContext']> {
  try {
    return createSecureContext({
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key: key.reveal() }),
      minVersion: OLDEST[profile],
    })
  } catch (error) {
    throw fromRedis(error, 'CONNECT')
  }
}

/** An address is no server name in TLS (RFC 6066 section 3), but a certificate may name it. */
function nameCheck(servername: string | undefined): ConnectionOptions {
  if (servername === undefined) return {}
  if (isIP(servername) === 0) return { servername }
  return { checkServerIdentity: (_host, certificate) => checkServerIdentity(servername, certificate) }
}
