import { COMPOSE, CONF, type Breach } from './breach.js'

const FIRST = '# Redis 7.2, a hardened'

/** The start of redis.conf, where an absent directive is reported. */
const absent = (id: string, from: string): Pick<Breach, 'swap' | 'also'> => ({
  swap: [FIRST, `«${id}»${FIRST}`],
  also: [{ file: CONF, swap: [from, ''] }],
})

/** A configuration with a password in it is a secret that git must not take. */
const SECRET_INSIDE: Omit<Breach, 'title'> = { file: CONF, swap: [FIRST, `«FIL-002»${FIRST}`] }

export const CONF_BREACHES: readonly Breach[] = [
  {
    title: 'no access list and no password',
    file: CONF,
    ...absent('AUT-001', 'aclfile "/conf/users.acl"\n'),
  },
  {
    title: 'a requirepass that the aclfile voids',
    file: CONF,
    append: '«AUT-008»requirepass 8d1f5e0c77aa4b0cbb7e2f3a\n',
    also: [SECRET_INSIDE],
  },
  {
    title: 'a published password in requirepass',
    file: CONF,
    swap: ['aclfile "/conf/users.acl"', 'requirepass «AUT-006»foobared'],
    also: [SECRET_INSIDE],
  },
  {
    title: 'a password in clear that the group can read',
    file: CONF,
    append: '«AUT-009»masterauth 8d1f5e0c77aa4b0cbb7e2f3a\ntls-replication yes\n',
    mode: 0o640,
    also: [SECRET_INSIDE],
  },
  { title: 'a plaintext port', file: CONF, swap: ['\nport 0', '\nport «NET-001»6379'] },
  { title: 'a plaintext port by default', file: CONF, ...absent('NET-001', '\nport 0') },
  { title: 'protected mode off', file: CONF, swap: ['protected-mode yes', 'protected-mode «NET-003»no'] },
  { title: 'protected mode absent', file: CONF, ...absent('NET-003', 'protected-mode yes\n') },
  { title: 'a socket for everybody', file: CONF, append: 'unixsocket /run/s\nunixsocketperm «NET-004»777\n' },
  { title: 'a cluster bus in clear', file: CONF, append: '«NET-005»cluster-enabled yes\n' },
  {
    title: 'replication in clear',
    file: CONF,
    append: 'replicaof 10.0.0.1 6379\ntls-replication «NET-006»no\n',
  },
  { title: 'TLS off', file: CONF, swap: ['tls-port 6379', 'tls-port «TLS-001»0'] },
  {
    title: 'clients without certificates',
    file: CONF,
    swap: ['tls-auth-clients yes', 'tls-auth-clients «TLS-002»optional'],
  },
  {
    title: 'TLS 1.1',
    file: CONF,
    swap: ['tls-protocols "TLSv1.3"', 'tls-protocols «TLS-003»"TLSv1.1 TLSv1.3"'],
  },
  { title: 'versions of TLS left open', file: CONF, ...absent('TLS-004', 'tls-protocols "TLSv1.3"\n') },
  {
    title: 'TLS 1.2 with the ciphers of the library',
    file: CONF,
    swap: ['tls-protocols "TLSv1.3"', 'tls-protocols «TLS-005»"TLSv1.2 TLSv1.3"'],
  },
  {
    title: 'a CBC cipher',
    file: CONF,
    append: 'tls-ciphers «TLS-005»ECDHE-ECDSA-AES256-GCM-SHA384:AES128-SHA\n',
  },
  {
    title: 'no session cache',
    file: CONF,
    swap: ['tls-session-caching yes', 'tls-session-caching «TLS-016»no'],
  },
  { title: 'the authorities of the system', file: CONF, append: 'tls-ca-cert-dir «TLS-017»/etc/ssl/certs\n' },
  {
    title: 'the bundle of the system',
    file: CONF,
    swap: ['tls-ca-cert-file "/tls/ca.crt"', 'tls-ca-cert-file «TLS-017»/etc/ssl/certs/ca-certificates.crt'],
  },
  { title: 'DEBUG', file: CONF, swap: ['enable-debug-command no', 'enable-debug-command «CFG-001»local'] },
  { title: 'MODULE', file: CONF, swap: ['enable-module-command no', 'enable-module-command «CFG-002»yes'] },
  {
    title: 'protected settings',
    file: CONF,
    swap: ['enable-protected-configs no', 'enable-protected-configs «CFG-003»yes'],
  },
  { title: 'a module', file: CONF, append: '«CFG-004»loadmodule /usr/lib/redis/search.so\n' },
  { title: 'a dump into cron', file: CONF, swap: ['dir /data', 'dir «CFG-005»/var/spool/cron'] },
  {
    title: 'a dump among SSH keys',
    file: CONF,
    swap: ['dir /data', 'dir «CFG-005»/home/redis/.ssh\ndbfilename «CFG-005»authorized_keys'],
  },
  { title: 'a dump that is a library', file: CONF, append: 'dbfilename «CFG-005»exp.so\n' },
  {
    title: 'keyspace events',
    file: CONF,
    swap: ['notify-keyspace-events ""', 'notify-keyspace-events «CFG-007»KEA'],
  },
  { title: 'a renamed command', file: CONF, append: '«CFG-008»rename-command FLUSHALL ""\n' },
  { title: 'a directive of a later version', file: CONF, append: '«CFG-009»hide-user-data-from-log yes\n' },
  { title: 'a misspelt directive', file: CONF, append: '  «CFG-009»maxmemry 1gb\n' },
  {
    title: 'a comment after a directive',
    file: CONF,
    swap: ['loglevel notice', 'loglevel notice «CFG-010»# not debug'],
  },
  { title: 'an unclosed quote', file: CONF, append: 'unixsocket «CFG-010»"/run/redis.sock\n' },
  { title: 'a word glued to a quote', file: CONF, append: 'unixsocket "/run«CFG-010»"redis.sock\n' },
  { title: 'a writable replica', file: CONF, append: 'slave-read-only «CFG-011»no\n' },
  { title: 'no maxmemory', file: CONF, ...absent('LIM-001', 'maxmemory 256mb\n') },
  { title: 'a maxmemory of nothing', file: CONF, swap: ['maxmemory 256mb', 'maxmemory «LIM-001»0'] },
  { title: 'a cache that never makes room', file: CONF, swap: ['allkeys-lfu', '«LIM-002»noeviction'] },
  { title: 'maxclients at its default', file: CONF, ...absent('LIM-003', 'maxclients 512\n') },
  {
    title: 'normal clients without an output limit',
    file: CONF,
    ...absent('LIM-004', 'client-output-buffer-limit normal 64mb 32mb 30\n'),
  },
  {
    title: 'an output limit of nothing',
    file: CONF,
    swap: [
      'client-output-buffer-limit normal 64mb 32mb 30',
      'client-output-buffer-limit «LIM-004»normal 0 0 0',
    ],
  },
  {
    title: 'no limit for all clients',
    file: CONF,
    swap: ['maxmemory-clients 64mb', 'maxmemory-clients «LIM-005»0'],
  },
  {
    title: 'queries of a gigabyte',
    file: CONF,
    swap: ['client-query-buffer-limit 16mb', 'client-query-buffer-limit «LIM-006»1gb'],
  },
  { title: 'values of half a gigabyte', file: CONF, ...absent('LIM-006', 'proto-max-bulk-len 2mb\n') },
  { title: 'a log of debug', file: CONF, swap: ['loglevel notice', 'loglevel «LOG-001»debug'] },
  { title: 'a log of nothing', file: CONF, swap: ['loglevel notice', 'loglevel «LOG-001»nothing'] },
  { title: 'no log of refusals', file: CONF, swap: ['acllog-max-len 256', 'acllog-max-len «LOG-002»0'] },
  {
    title: 'a cache with an append-only file',
    file: CONF,
    swap: ['appendonly no', 'appendonly «PER-001»yes'],
  },
  { title: 'a cache with snapshots', file: CONF, swap: ['save ""', 'save «PER-001»900 1'] },
  { title: 'a cache with the snapshots of the default', file: CONF, ...absent('PER-001', 'save ""\n') },
  {
    title: 'channels open by default',
    file: CONF,
    swap: ['acl-pubsub-default resetchannels', 'acl-pubsub-default «ACL-022»allchannels'],
  },
  { title: 'a configuration for everybody', file: CONF, swap: [FIRST, `«FIL-001»${FIRST}`], mode: 0o644 },
  {
    title: 'data of a later server in its log',
    file: CONF,
    swap: [FIRST, `«LOG-003»${FIRST}`],
    also: [{ file: COMPOSE, swap: ['redis:7.2.16', 'redis:7.4.11'] }],
  },
]
