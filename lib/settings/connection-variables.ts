import { host, hostPorts, port, redisUrl } from './addresses.js'
import { flag } from './numbers.js'
import { certificates, password, privateKey } from './secret-texts.js'
import { keyPrefix, sentinelName, username } from './texts.js'
import { choice } from './validator.js'
import { GENERATE_PASSWORD, variable } from './variable.js'

/** A row for the password of one Redis user. */
function userPassword(meaning: string, group: 'login' | 'server' = 'login') {
  return variable({
    group,
    validator: password,
    default: undefined,
    meaning,
    example: '<generated>',
    remedy: GENERATE_PASSWORD,
    secret: true,
    strong: true,
  })
}

/** How Redis is found, reached and logged in to. */
export const CONNECTION = {
  CACHE_BACKEND: variable({
    group: 'backend',
    validator: choice('auto', 'redis', 'memory'),
    default: 'auto',
    meaning:
      'redis, memory (of this process alone), or auto: redis where REDIS_URL, REDIS_HOST, REDIS_PASSWORD, REDIS_CACHE_PASSWORD, REDIS_SENTINELS or REDIS_CLUSTER_NODES is set, else memory.',
    example: 'redis',
    remedy: 'Write redis, memory or auto.',
  }),
  REDIS_URL: variable({
    group: 'address',
    validator: redisUrl,
    default: undefined,
    meaning:
      'Address in one piece, instead of host and port; rediss:// is TLS, redis:// plaintext. User name and password in it are percent-encoded.',
    example: 'rediss://redis.internal:6379',
    remedy: 'Write rediss://host:6379 and keep the password in REDIS_CACHE_PASSWORD.',
    secret: true,
  }),
  REDIS_HOST: variable({
    group: 'address',
    validator: host,
    default: 'redis',
    meaning: 'Host name or IP address of the server.',
    example: 'redis',
    remedy: 'Write the name of the server alone, such as redis or 10.0.0.5.',
    needed: true,
  }),
  REDIS_PORT: variable({
    group: 'address',
    validator: port,
    default: 6379,
    meaning: 'Port of the server.',
    example: '6379',
    remedy: 'Write the number alone, usually 6379.',
  }),
  REDIS_SENTINELS: variable({
    group: 'address',
    validator: hostPorts,
    default: undefined,
    meaning:
      'Addresses of the Sentinels that know the primary, instead of host and port. The application logs in there as it does at Redis.',
    example: 'sentinel-1:26379,sentinel-2:26379,sentinel-3:26379',
    remedy: 'List at least one address of a Sentinel with its port.',
  }),
  REDIS_SENTINEL_NAME: variable({
    group: 'address',
    validator: sentinelName,
    default: undefined,
    meaning: 'Name under which the Sentinels know the primary.',
    example: 'cache-primary',
    remedy: 'Write the name from the line "sentinel monitor" of sentinel.conf.',
  }),
  REDIS_CLUSTER_NODES: variable({
    group: 'address',
    validator: hostPorts,
    default: undefined,
    meaning: 'Addresses of some nodes of a Redis Cluster, instead of host and port; they name the others.',
    example: 'node-1:6379,node-2:6379',
    remedy: 'List at least one address of a node with its port.',
  }),
  REDIS_KEY_PREFIX: variable({
    group: 'address',
    validator: keyPrefix,
    default: 'ai_cache:',
    meaning:
      "Begins every key, and is the ACL's key pattern; tells applications on one server apart. Ends in a colon.",
    example: 'shop:',
    remedy: 'Write a short name and a colon, such as shop:.',
  }),
  REDIS_CACHE_USERNAME: variable({
    group: 'login',
    validator: username,
    default: 'cache_service',
    meaning: "The application's own Redis user.",
    example: 'cache_service',
    remedy: 'Write the name as it stands in users.acl.',
  }),
  REDIS_CACHE_PASSWORD: {
    ...userPassword("Password of the application's own user; setting it selects ACL login."),
    needed: true,
  },
  REDIS_PASSWORD: userPassword(
    'Password of the default user where there are no ACL users, else of the user admin (which the application does not need).',
  ),
  REDIS_HEALTH_PASSWORD: userPassword('Password of the user health_service, for health checks.'),
  REDIS_MONITOR_PASSWORD: userPassword(
    'Password of the user monitor, which watches the server for the status.',
  ),
  REDIS_MAINTENANCE_PASSWORD: userPassword('Password of the user maintenance, for clear().'),
  REDIS_AUDITOR_PASSWORD: userPassword('Password of the user auditor, for checks of a live server.'),
  REDIS_OPERATOR_PASSWORD: userPassword(
    'Password of the user operator, for people at the command line.',
    'server',
  ),
  REDIS_REPLICA_PASSWORD: userPassword('Password of the user replica, with which replicas log in.', 'server'),
  REDIS_SENTINEL_PASSWORD: userPassword(
    'Password of the user sentinel, with which Sentinels log in.',
    'server',
  ),
  REDIS_TLS_ENABLED: variable({
    group: 'tls',
    validator: flag,
    default: undefined,
    defaultText: 'true, false in development mode',
    meaning: 'Whether the connection is encrypted. A URL decides by its scheme instead.',
    example: 'true',
    remedy: 'Write true or false, or remove it.',
  }),
  REDIS_TLS_CA: variable({
    group: 'tls',
    validator: certificates,
    default: undefined,
    defaultText: "the system's certificate authorities",
    meaning: "Certificate of the authority that signed the server's certificate, as PEM.",
    example: 'tls/ca.crt',
    remedy: 'Set REDIS_TLS_CA_FILE to the path of the authority’s certificate.',
    file: true,
  }),
  REDIS_TLS_CERT: variable({
    group: 'tls',
    validator: certificates,
    default: undefined,
    meaning: "The application's client certificate, as PEM; needs REDIS_TLS_KEY.",
    example: 'tls/client.crt',
    remedy: 'Set REDIS_TLS_CERT_FILE to the path of the client certificate.',
    file: true,
  }),
  REDIS_TLS_KEY: variable({
    group: 'tls',
    validator: privateKey,
    default: undefined,
    meaning: 'Private key of the client certificate, as PEM without a passphrase.',
    example: 'tls/client.key',
    remedy: 'Set REDIS_TLS_KEY_FILE to the path of the private key.',
    secret: true,
    file: true,
  }),
  REDIS_TLS_SERVERNAME: variable({
    group: 'tls',
    validator: host,
    default: undefined,
    defaultText: 'the host',
    meaning: "Name checked against the server's certificate, where it differs from the host.",
    example: 'redis.internal',
    remedy: 'Write one of the names in the certificate of the server.',
  }),
  REDIS_TLS_PROFILE: variable({
    group: 'tls',
    validator: choice('modern', 'compatible'),
    default: 'modern',
    meaning: 'modern: TLS 1.3 alone; compatible: TLS 1.2 and 1.3.',
    example: 'modern',
    remedy: 'Write modern, or compatible for a server without TLS 1.3.',
  }),
  REDIS_DEV_MODE: variable({
    group: 'mode',
    validator: flag,
    default: false,
    meaning:
      'Development on one machine: TLS, password and encryption key are not required, short passwords only warned about. Refused where NODE_ENV is production.',
    example: 'true',
    remedy: 'Write true or false, or remove it.',
  }),
} as const
