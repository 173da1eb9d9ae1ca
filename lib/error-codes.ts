/** Sections of docs/errors.md, in this order; the second text stands under the heading. */
export const ERROR_GROUPS = {
  misuse: { title: 'Settings and misuse', note: 'Thrown at once, where the mistake is.' },
  arguments: {
    title: 'Arguments',
    note: 'Thrown whatever `onFailure` says: they are mistakes of the caller, not of the server.',
  },
  sealing: { title: 'Sealing', note: '' },
  limits: { title: 'Time and limits', note: '' },
  replies: { title: 'What Redis answered', note: '' },
  way: { title: 'On the way there', note: '' },
  tls: { title: 'TLS', note: '' },
  migration: {
    title: 'Migration and backup',
    note: 'From `secure-cache migrate` and `secure-cache restore`.',
  },
} as const

/** What a code means and what to do about it, for people who meet it in a log. Markdown. */
interface ErrorRow {
  readonly group: keyof typeof ERROR_GROUPS
  readonly cause: string
  readonly remedy: string
}

/** Every code of the library. Codes are promises: one may be added, none renamed. */
export const ERROR_CODES = {
  ERR_CONFIG_INVALID: {
    group: 'misuse',
    cause: 'settings are missing, malformed or contradict each other',
    remedy: '`problems` lists all of them at once, each with the variable and the expected form',
  },
  ERR_CONFIG_OPTION: {
    group: 'misuse',
    cause: 'an option in code is unknown or malformed',
    remedy: 'the message names the nearest option that exists',
  },
  ERR_CONFIG_FILES: {
    group: 'misuse',
    cause: 'generated files cannot be written: changed by hand, in use, or something in the way',
    remedy: 'the message names each file; look at it, then move it away or run again with `--force`',
  },
  ERR_CACHE_MISUSE: {
    group: 'misuse',
    cause: 'a call that cannot work, such as `app.use(secureCache)` without the call',
    remedy: 'the message shows the right call',
  },
  ERR_KEY_FORMAT: {
    group: 'misuse',
    cause: 'an encryption key is in none of the accepted forms',
    remedy: '[docs/envelope.md](envelope.md#keys) has the forms; `secure-cache init` makes one',
  },
  ERR_CACHE_KEY: {
    group: 'arguments',
    cause: 'a key is not a string of 1 to 1024 bytes of well-formed text',
    remedy: 'shorten or hash it',
  },
  ERR_CACHE_VALUE: {
    group: 'arguments',
    cause: 'a value that JSON would lose: `undefined`, a function, a BigInt, a Map, NaN',
    remedy: 'the message names the path, such as `$.user.tags[3]`; convert it first',
  },
  ERR_CACHE_TTL: {
    group: 'arguments',
    cause: 'a time to live that is 0, negative, not finite or over ten years',
    remedy: "seconds above 0, `'15m'`, or `null` for no expiry",
  },
  ERR_CACHE_NAMESPACE: {
    group: 'arguments',
    cause: 'a namespace that is empty, too long or begins with `@`',
    remedy: 'another name',
  },
  ERR_CACHE_TOO_LARGE: {
    group: 'arguments',
    cause: 'the sealed value is larger than `CACHE_MAX_VALUE_BYTES`, or than Redis accepts',
    remedy: "store less, or raise the setting (the generator raises the server's limit too)",
  },
  ERR_CACHE_OPEN: {
    group: 'sealing',
    cause: 'the value was altered, moved, is too old, or is sealed under a key not listed here',
    remedy: 'nothing to do for the request, it is a miss; many of them are an attack or a lost key',
  },
  ERR_CACHE_SEAL: {
    group: 'sealing',
    cause: 'the value could not be sealed: keys still being derived, the clock is wrong',
    remedy: '`await cache.ready()` first; set the clock',
  },
  ERR_CACHE_TIMEOUT: {
    group: 'limits',
    cause: 'no reply within the deadline',
    remedy: "look at the server's load; `CACHE_TIMEOUT_MS`, `CACHE_CONNECT_TIMEOUT_MS`",
  },
  ERR_CACHE_CLOSED: {
    group: 'limits',
    cause: 'the cache was closed',
    remedy: 'use it before `close()`',
  },
  ERR_CACHE_OVERLOADED: {
    group: 'limits',
    cause: 'too much is in flight already; memory stays bounded',
    remedy: 'fewer at once, or a faster server',
  },
  ERR_CACHE_UNAVAILABLE: {
    group: 'limits',
    cause: 'there is no connection to Redis just now; it is being retried',
    remedy: 'bring Redis back; nothing else to do',
  },
  ERR_REDIS_WRONGPASS: {
    group: 'replies',
    cause: 'the login was refused',
    remedy: 'compare `REDIS_CACHE_PASSWORD` with users.acl, and whether the user is on',
  },
  ERR_REDIS_NOAUTH: {
    group: 'replies',
    cause: 'Redis asks for a login and none was sent',
    remedy: 'set `REDIS_CACHE_PASSWORD`, or `REDIS_PASSWORD`',
  },
  ERR_REDIS_NOPERM: {
    group: 'replies',
    cause: 'the user lacks a command, a key pattern or a channel',
    remedy: 'the message names the missing right; generate users.acl anew',
  },
  ERR_REDIS_WRONGTYPE: {
    group: 'replies',
    cause: 'the key holds a list, a hash or another type that this command is not for',
    remedy: 'whoever else writes there uses keys of their own; the cache itself takes it for a miss',
  },
  ERR_REDIS_READONLY: {
    group: 'replies',
    cause: 'this Redis is a replica',
    remedy: 'let `REDIS_HOST` name the primary',
  },
  ERR_REDIS_OOM: {
    group: 'replies',
    cause: 'maxmemory is reached and nothing may be evicted',
    remedy: 'raise `REDIS_MAX_MEMORY`, or `REDIS_PROFILE=cache`',
  },
  ERR_REDIS_MISCONF: {
    group: 'replies',
    cause: 'Redis cannot save to disk and refuses writes',
    remedy: 'its log, free space, permissions of its data folder',
  },
  ERR_REDIS_MASTERDOWN: {
    group: 'replies',
    cause: 'a replica has lost its primary',
    remedy: 'bring the primary back',
  },
  ERR_REDIS_BUSY: {
    group: 'replies',
    cause: 'a script keeps Redis busy',
    remedy: 'wait, or SCRIPT KILL',
  },
  ERR_REDIS_LOADING: {
    group: 'replies',
    cause: 'Redis loads its data from disk',
    remedy: 'wait',
  },
  ERR_REDIS_MAX_CLIENTS: {
    group: 'replies',
    cause: 'Redis has no room for another client',
    remedy: 'raise maxclients, or open fewer connections',
  },
  ERR_REDIS_REPLY: {
    group: 'replies',
    cause: 'any other error reply',
    remedy: "Redis's log, or the same command in redis-cli",
  },
  ERR_REDIS_PROTOCOL: {
    group: 'replies',
    cause: 'what answers is not Redis, or the connection was damaged',
    remedy: 'check host and port; the connection is replaced by itself',
  },
  ERR_REDIS_REFUSED: {
    group: 'way',
    cause: 'nothing listens at this address',
    remedy: 'start Redis; `REDIS_HOST`, `REDIS_PORT`, `REDIS_URL`',
  },
  ERR_REDIS_HOST_NOT_FOUND: {
    group: 'way',
    cause: "the host's name cannot be resolved",
    remedy: '`REDIS_HOST`, the name server',
  },
  ERR_REDIS_UNREACHABLE: {
    group: 'way',
    cause: 'no answer from the address',
    remedy: "network, firewall, the server's load",
  },
  ERR_REDIS_RESET: {
    group: 'way',
    cause: 'the connection was cut',
    remedy: 'Redis restarts, or has no room for another client',
  },
  ERR_TLS_CERT_EXPIRED: {
    group: 'tls',
    cause: "the server's certificate has expired",
    remedy: 'renew it; look at the clock',
  },
  ERR_TLS_CERT_NOT_YET_VALID: {
    group: 'tls',
    cause: "the server's certificate is not valid yet",
    remedy: 'look at both clocks',
  },
  ERR_TLS_SERVER_NAME: {
    group: 'tls',
    cause: 'the certificate is for another name',
    remedy: "issue it for the host's name, or set `REDIS_TLS_SERVERNAME`",
  },
  ERR_TLS_UNKNOWN_CA: {
    group: 'tls',
    cause: 'the certificate comes from an authority that is not ours',
    remedy: '`REDIS_TLS_CA` has to hold the one that issued it',
  },
  ERR_TLS_VERSION: {
    group: 'tls',
    cause: 'client and server share no TLS version',
    remedy: '`REDIS_TLS_PROFILE`: `modern` is 1.3 alone, `compatible` 1.2 and 1.3',
  },
  ERR_TLS_CLIENT_CERT: {
    group: 'tls',
    cause: 'Redis asks for a client certificate, or refused ours',
    remedy: '`REDIS_TLS_CERT` and `REDIS_TLS_KEY`, from the authority that Redis knows',
  },
  ERR_TLS_PLAINTEXT_PORT: {
    group: 'tls',
    cause: 'the port speaks plaintext',
    remedy: 'the TLS port in `REDIS_PORT`; give the server a `tls-port`',
  },
  ERR_TLS_OTHER: {
    group: 'tls',
    cause: 'any other failure of the handshake',
    remedy: "the message names OpenSSL's code",
  },
  ERR_MIGRATION_REFUSED: {
    group: 'migration',
    cause:
      'the server or the settings are not such that this migration can begin, or go on in this direction',
    remedy: 'the message lists every reason; `secure-cache migrate plan` shows them before anything starts',
  },
  ERR_MIGRATION_LOCKED: {
    group: 'migration',
    cause:
      'another run holds the folder or the lock in Redis, or took it over; or something else lies in its place',
    remedy:
      'wait for it to end: one that crashed elsewhere loses both within half a minute; what is no lock of a run is named',
  },
  ERR_MIGRATION_CHANGED: {
    group: 'migration',
    cause: 'the server is not as the last run left it: somebody else changed it, or it was restarted',
    remedy: 'the message names what differs; change it back, or accept it with `--accept-changes`',
  },
  ERR_MIGRATION_WAITING: {
    group: 'migration',
    cause: 'something still uses the old way, so that it was not taken away; or the run was told to stop',
    remedy: 'do what the message says, then run the same command again: it goes on where it stopped',
  },
  ERR_MIGRATION_CHECK: {
    group: 'migration',
    cause: 'a step was checked by a real connection, and did not do what it should',
    remedy: 'the message says what was seen; run again, or `secure-cache migrate rollback`',
  },
  ERR_MIGRATION_JOURNAL: {
    group: 'migration',
    cause:
      'the journal was altered, cannot be written, or is sealed under a key that the settings do not have',
    remedy:
      'give the key of before in `REDIS_ENCRYPTION_ACCEPTED_KEYS`; never edit the journal; the message names what the folder lacks',
  },
  ERR_BACKUP_DAMAGED: {
    group: 'migration',
    cause: 'a backup is cut, altered or no backup of ours; nothing of it was restored',
    remedy: 'take another copy of it',
  },
  ERR_BACKUP_IDENTITY: {
    group: 'migration',
    cause: 'a backup is not encrypted for this identity',
    remedy: 'the identity file that was made with the backup, or the one behind `--recipient`',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>

/** Stable codes; docs/errors.md lists cause and remedy for each. */
export type CacheErrorCode = keyof typeof ERROR_CODES
