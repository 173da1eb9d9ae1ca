import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunningRedis } from './redis-server.js'
import { run } from './run.js'
import type { RunResult } from './run.js'

export interface RedisCliOptions {
  readonly user?: string | undefined
  readonly password?: string | undefined
  /** Another port, without TLS. */
  readonly plaintextPort?: number | undefined
}

/** A separate redis-cli, as somebody else on this machine would start it. It has the test's client certificate. */
export async function redisCli(
  redis: RunningRedis,
  command: readonly string[],
  options: RedisCliOptions = {},
): Promise<RunResult> {
  const { user, password, plaintextPort } = options
  const file = (name: string): string => join(redis.folder, name)
  const { certPem, keyPem } = redis.certificates.client
  await writeFile(file('client.crt'), certPem, { mode: 0o600 })
  await writeFile(file('client.key'), keyPem, { mode: 0o600 })
  const way =
    plaintextPort === undefined
      ? ['--tls', '--cacert', file('ca.crt'), '--cert', file('client.crt'), '--key', file('client.key')]
      : []
  const login = user === undefined ? [] : ['--user', user]
  return run(
    'redis-cli',
    ['-h', redis.host, '-p', String(plaintextPort ?? redis.port), ...way, ...login, ...command],
    { cwd: redis.folder, env: { REDISCLI_AUTH: password } },
  )
}
