import type { Mapping } from './error-mapping.js'

const UNKNOWN_CA: Mapping = {
  code: 'ERR_TLS_UNKNOWN_CA',
  message:
    "the server's certificate comes from another authority: let REDIS_TLS_CA (REDIS_TLS_CA_FILE) hold the authority that issued it",
}
const OTHER_VERSION: Mapping = {
  code: 'ERR_TLS_VERSION',
  message:
    'client and server share no TLS version: REDIS_TLS_PROFILE=modern asks for 1.3 alone, compatible for 1.2 and 1.3',
}
const CERTIFICATE_WANTED: Mapping = {
  code: 'ERR_TLS_CLIENT_CERT',
  message: 'Redis asks for a client certificate: set REDIS_TLS_CERT and REDIS_TLS_KEY',
}
const CERTIFICATE_REFUSED: Mapping = {
  code: 'ERR_TLS_CLIENT_CERT',
  message:
    'Redis refused our client certificate: REDIS_TLS_CERT must be valid today and come from the authority that the server knows (tls-ca-cert-file)',
}
const PLAINTEXT: Mapping = {
  code: 'ERR_TLS_PLAINTEXT_PORT',
  message: 'this port speaks plaintext: let REDIS_PORT name the TLS port, or enable tls-port on the server',
}
const OWN_CERTIFICATE: Mapping = {
  code: 'ERR_TLS_CLIENT_CERT',
  message: 'REDIS_TLS_CERT and REDIS_TLS_KEY must be PEM texts that belong together',
}

/** TLS failures by `error.code`: OpenSSL's X.509 verification codes, and Node's names of TLS alerts. */
export const TLS_ERRORS: Readonly<Record<string, Mapping>> = {
  CERT_HAS_EXPIRED: {
    code: 'ERR_TLS_CERT_EXPIRED',
    message:
      "the server's certificate has expired: issue a new one and let Redis load it (secure-cache certs renew)",
  },
  CERT_NOT_YET_VALID: {
    code: 'ERR_TLS_CERT_NOT_YET_VALID',
    message: "the server's certificate is not valid yet: compare the clocks of both machines",
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    code: 'ERR_TLS_SERVER_NAME',
    message:
      "the server's certificate does not name this host: connect by a name that it holds, or set REDIS_TLS_SERVERNAME to one",
  },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_CA,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_CA,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_CA,
  CERT_SIGNATURE_FAILURE: UNKNOWN_CA,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: OTHER_VERSION,
  ERR_SSL_UNSUPPORTED_PROTOCOL: OTHER_VERSION,
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: OTHER_VERSION,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: CERTIFICATE_WANTED,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: CERTIFICATE_REFUSED,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: CERTIFICATE_REFUSED,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: CERTIFICATE_REFUSED,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: CERTIFICATE_REFUSED,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: CERTIFICATE_REFUSED,
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: CERTIFICATE_REFUSED,
  ERR_SSL_WRONG_VERSION_NUMBER: PLAINTEXT,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: PLAINTEXT,
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: OWN_CERTIFICATE,
  ERR_OSSL_PEM_NO_START_LINE: OWN_CERTIFICATE,
  ERR_OSSL_UNSUPPORTED: OWN_CERTIFICATE,
}

/** The failure of a client that speaks TLS to a port that does not: told apart by a probe (probe.ts). */
export const PLAINTEXT_PORT = PLAINTEXT
