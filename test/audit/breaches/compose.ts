import { ACL, COMPOSE, CONF, type Breach } from './breach.js'

/** What a service lacks is reported at its name. */
const lacking = (id: string, swap: readonly [string, string]): Pick<Breach, 'swap' | 'also'> => ({
  swap: ['  redis:\n    image', `  «${id}»redis:\n    image`],
  also: [{ file: COMPOSE, swap }],
})

export const COMPOSE_BREACHES: readonly Breach[] = [
  {
    title: 'a port for everybody',
    file: COMPOSE,
    swap: ['    read_only: true\n', '    read_only: true\n    ports: [«CMP-001»"6379:6379"]\n'],
  },
  {
    title: 'a port on one address',
    file: COMPOSE,
    swap: ['    read_only: true\n', '    read_only: true\n    ports:\n      - «CMP-001»10.0.0.5:6379:6379\n'],
  },
  {
    title: 'a port in the long form',
    file: COMPOSE,
    swap: [
      '    read_only: true\n',
      '    read_only: true\n    ports:\n      - «CMP-001»target: 6379\n        published: "6379"\n',
    ],
  },
  {
    title: 'a network that leads outside',
    file: COMPOSE,
    ...lacking('CMP-002', ['    internal: true', '    internal: false']),
  },
  {
    title: 'no talk between containers',
    file: COMPOSE,
    swap: [
      '    internal: true\n',
      '    internal: true\n    driver_opts:\n      com.docker.network.bridge.enable_icc: «CMP-003»"false"\n',
    ],
  },
  {
    title: 'a privileged neighbour',
    file: COMPOSE,
    swap: ['    build: .\n', '    build: .\n    privileged: «CMP-004»true\n'],
  },
  {
    title: 'capabilities',
    file: COMPOSE,
    ...lacking('CMP-005', ['    cap_drop: ["ALL"]\n', '    cap_drop: ["NET_RAW"]\n']),
  },
  { title: 'a writable file system', file: COMPOSE, ...lacking('CMP-006', ['    read_only: true\n', '']) },
  {
    title: 'privileges to gain',
    file: COMPOSE,
    ...lacking('CMP-007', ['no-new-privileges:true', 'no-new-privileges:false']),
  },
  { title: 'no user', file: COMPOSE, ...lacking('CMP-008', ['    user: "999:999"\n', '']) },
  { title: 'root', file: COMPOSE, swap: ['user: "999:999"', 'user: «CFG-014»"0:0"'] },
  { title: 'no memory limit', file: COMPOSE, ...lacking('CMP-009', ['    mem_limit: 384m\n', '']) },
  {
    title: 'a memory limit of maxmemory',
    file: COMPOSE,
    swap: ['mem_limit: 384m', 'mem_limit: «CMP-009»256m'],
  },
  { title: 'no limit of processes', file: COMPOSE, ...lacking('CMP-010', ['    pids_limit: 64\n', '']) },
  {
    title: 'a health check that is switched off',
    file: COMPOSE,
    swap: ['      interval: 10s\n', '      interval: 10s\n      disable: «CMP-011»true\n'],
  },
  {
    title: 'a health check that cannot fail',
    file: COMPOSE,
    swap: [' | grep -qx PONG', ''],
    also: [
      { file: COMPOSE, swap: ['redis-cli -e ', 'redis-cli '] },
      { file: COMPOSE, swap: ['- "CMD-SHELL"', '- «CMP-012»"CMD-SHELL"'] },
    ],
  },
  {
    title: 'a health check that forgives everything',
    file: COMPOSE,
    swap: [' | grep -qx PONG', ' | grep -qx PONG || exit 0'],
    also: [{ file: COMPOSE, swap: ['- "CMD-SHELL"', '- «CMP-012»"CMD-SHELL"'] }],
  },
  {
    title: 'a health check with a password',
    file: COMPOSE,
    swap: ['redis-cli -e ', 'redis-cli -a $$REDIS_PASSWORD -e '],
    also: [{ file: COMPOSE, swap: ['- "CMD-SHELL"', '- «CMP-012»"CMD-SHELL"'] }],
  },
  {
    title: 'a password in the command',
    file: COMPOSE,
    swap: [
      'command: ["/conf/redis.conf"]',
      'command: ["/conf/redis.conf", "--requirepass", «CMP-013»"s3cr3t-s3cr3t-s3cr3t"]',
    ],
  },
  {
    title: 'a password filled into the command',
    file: COMPOSE,
    swap: [
      'command: ["/conf/redis.conf"]',
      'command: «CFG-012»/conf/redis.conf --requirepass ${REDIS_PASSWORD:?}',
    ],
  },
  {
    title: 'a secret in the environment',
    file: COMPOSE,
    swap: [
      'REDIS_CACHE_PASSWORD_FILE: /run/secrets/cache_password',
      'REDIS_CACHE_PASSWORD: «CMP-014»${REDIS_CACHE_PASSWORD:?}',
    ],
  },
  {
    title: 'a secret in a list of variables',
    file: COMPOSE,
    swap: [
      '    environment:\n      REDIS_CACHE_PASSWORD_FILE: /run/secrets/cache_password',
      '    environment:\n      - «CMP-014»REDIS_CACHE_PASSWORD',
    ],
  },
  {
    title: 'a default for a secret',
    file: COMPOSE,
    swap: [
      'REDIS_CACHE_PASSWORD_FILE: /run/secrets/cache_password',
      'CACHE_CONFIG: «CMP-015»"password=${REDIS_PASSWORD:-changeme}"',
    ],
  },
  { title: 'a floating tag', file: COMPOSE, swap: ['redis:7.2.16', '«CMP-016»redis:7.2'] },
  { title: 'no tag', file: COMPOSE, swap: ['redis:7.2.16', '«CMP-016»redis'] },
  {
    title: 'the socket of Docker',
    file: COMPOSE,
    swap: [
      '    build: .\n',
      '    build: .\n    volumes: [«CMP-017»"/var/run/docker.sock:/var/run/docker.sock:ro"]\n',
    ],
  },
  {
    title: 'processes of the host',
    file: COMPOSE,
    swap: ['    build: .\n', '    build: .\n    pid: «CMP-018»host\n'],
  },
  {
    title: 'a mode on a secret from a file',
    file: COMPOSE,
    swap: [
      '    read_only: true\n',
      '    read_only: true\n    secrets:\n      - source: health\n        «CMP-019»mode: 0400\n',
    ],
    also: [{ file: COMPOSE, append: 'secrets:\n  health:\n    file: ./secrets/health_password\n' }],
  },
  {
    title: 'no filter of system calls',
    file: COMPOSE,
    swap: ['["no-new-privileges:true"]', '["no-new-privileges:true", «CMP-020»"seccomp:unconfined"]'],
  },
  {
    title: 'a restart without end',
    file: COMPOSE,
    swap: ['restart: "on-failure:5"', 'restart: «CMP-021»always'],
  },
  { title: 'no restart', file: COMPOSE, ...lacking('CMP-021', ['    restart: "on-failure:5"\n', '']) },
  {
    title: 'a key given twice',
    file: COMPOSE,
    swap: ['    pids_limit: 64\n', '    pids_limit: 64\n    «CMP-022»mem_limit: 384m\n'],
  },
  {
    title: 'a dollar that is no variable',
    file: COMPOSE,
    swap: ['    build: .\n', '    build: .\n    labels: { note: «CMP-022»"costs 5$" }\n'],
  },
  {
    title: 'a password with a dollar',
    file: COMPOSE,
    swap: ['REDIS_CACHE_PASSWORD_FILE: /run/secrets/cache_password', 'NOTE: «CMP-022»pa$word!'],
  },
  {
    title: 'a folder of the host',
    file: COMPOSE,
    swap: ['    build: .\n', '    build: .\n    volumes: [«CMP-023»"/etc:/host/etc:ro"]\n'],
  },
  {
    title: 'a branch without fixes',
    file: COMPOSE,
    swap: ['redis:7.2.16', '«VER-001»«VER-002»redis:6.0.20'],
    also: [
      {
        file: CONF,
        swap: ['enable-protected-configs no\nenable-debug-command no\nenable-module-command no\n', ''],
      },
      { file: CONF, swap: ['maxmemory-clients 64mb\n', ''] },
      { file: CONF, swap: ['acl-pubsub-default resetchannels\n', ''] },
      { file: ACL, swap: [' clearselectors', ''] },
    ],
  },
  { title: 'a known hole', file: COMPOSE, swap: ['redis:7.2.16', '«VER-002»redis:7.2.15-alpine'] },
  {
    title: 'a hole that a distribution may have closed',
    file: COMPOSE,
    swap: ['redis:7.2.16', '«VER-002 info»registry.example.com/redis:7.2.15'],
  },
]
