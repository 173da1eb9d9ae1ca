import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HostPort, RedisSettings } from '../../lib/settings/settings.js'
import { freePort, RedisProcess } from './redis-process.js'
import type { RunningRedis } from './redis-server.js'
import { startRedis } from './redis-server.js'
import { until } from './until.js'

export const PRIMARY_NAME = 'cache-primary'
const HOST = '127.0.0.1'
const REPLICA = 'user replica on #H resetkeys resetchannels -@all +psync +replconf +ping'
const WATCHER =
  'user sentinel on #H resetkeys resetchannels &__sentinel__:hello -@all +multi +slaveof +ping +exec +subscribe +config|rewrite +role +publish +info +client|setname +client|kill +script|kill'
const PEER = 'user sentinel on #H allchannels +@all'
const CLIENT =
  'user cache_service on #H resetkeys resetchannels &+switch-master -@all +sentinel|get-master-addr-by-name +sentinel|sentinels'

/** A primary, a replica and three Sentinels, all over mutual TLS. Whoever starts it stops it. */
export interface SentinelSet {
  readonly primary: RunningRedis
  readonly replica: RunningRedis
  readonly sentinels: readonly { readonly address: HostPort; readonly process: RedisProcess }[]
  /** How the application's own user connects: by the Sentinels alone. */
  readonly settings: RedisSettings
  stop(): Promise<void>
}

export async function startSentinelSet(): Promise<SentinelSet> {
  const secret = randomBytes(24).toString('base64url')
  const acl = [REPLICA, WATCHER].map((line) => line.replace('#H', `#${hash(secret)}`))
  const replication = {
    'tls-replication': 'yes',
    masteruser: 'replica',
    masterauth: `"${secret}"`,
    // What is left of an exchange with the old primary must not delay the next one.
    'repl-diskless-sync-delay': '0',
    'replica-announce-ip': HOST,
  }
  const primary = await startRedis({ acl, config: replication })
  const replica = await startRedis({
    acl,
    config: { ...replication, replicaof: `${HOST} ${primary.port}` },
    passwords: primary.passwords,
  })
  const folders: string[] = []
  const sentinels = await Promise.all(
    [1, 2, 3].map(async () => {
      const folder = await mkdtemp(join(tmpdir(), 'secure-cache-sentinel-'))
      folders.push(folder)
      const port = await freePort()
      const file = join(folder, 'sentinel.conf')
      await writeFile(file, sentinelConf({ folder, port, primary, secret }), { mode: 0o600 })
      const process = new RedisProcess('redis-server', file, { mode: 'sentinel' })
      await process.start()
      return { address: { host: HOST, port }, process }
    }),
  )
  const admin = primary.admin()
  await until('the replica follows', async () => /state=online/.test(await admin.info('replication')))
  await until('the Sentinels know the replica and each other', () =>
    sentinels.every(
      ({ process: { output } }) => /\+slave /.test(output) && output.match(/\+sentinel /g)?.length === 2,
    ),
  )
  return {
    primary,
    replica,
    sentinels,
    settings: {
      ...primary.settings,
      topology: 'sentinel',
      host: 'not-used.invalid',
      port: 1,
      sentinels: sentinels.map(({ address }) => address),
      sentinelName: PRIMARY_NAME,
    },
    async stop() {
      for (const { process } of sentinels) await process.dispose()
      await replica.stop()
      await primary.stop()
      await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })))
    },
  }
}

function sentinelConf(parts: {
  folder: string
  port: number
  primary: RunningRedis
  secret: string
}): string {
  const { folder, port, primary, secret } = parts
  const tls = (name: string) => `"${join(primary.folder, name)}"`
  return [
    `bind ${HOST}`,
    'protected-mode yes',
    'port 0',
    `tls-port ${port}`,
    `tls-cert-file ${tls('server.crt')}`,
    `tls-key-file ${tls('server.key')}`,
    `tls-ca-cert-file ${tls('ca.crt')}`,
    'tls-auth-clients yes',
    'tls-replication yes',
    'tls-protocols "TLSv1.3"',
    `dir "${folder}"`,
    `sentinel announce-ip ${HOST}`,
    `sentinel monitor ${PRIMARY_NAME} ${HOST} ${primary.port} 2`,
    `sentinel auth-user ${PRIMARY_NAME} sentinel`,
    `sentinel auth-pass ${PRIMARY_NAME} ${secret}`,
    `sentinel down-after-milliseconds ${PRIMARY_NAME} 500`,
    `sentinel failover-timeout ${PRIMARY_NAME} 4000`,
    'sentinel sentinel-user sentinel',
    `sentinel sentinel-pass ${secret}`,
    'user default off resetpass resetkeys resetchannels clearselectors -@all',
    PEER.replace('#H', `#${hash(secret)}`),
    CLIENT.replace('#H', `#${hash(primary.passwords.cache)}`),
    '',
  ].join('\n')
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
