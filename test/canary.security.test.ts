import { fork, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { Message, Order, Planted } from './support/canary/orders.js'
import type { FaultProxy } from './support/fault-proxy.js'
import { startRedis, type RunningRedis } from './support/redis-server.js'
import { startProxyBefore } from './support/start-proxy.js'
import { until } from './support/until.js'

const VICTIM = fileURLToPath(new URL('./support/canary/victim.js', import.meta.url))

/** A secret with no chance to appear by accident, and no character that any output would escape. */
function plant(name: string): string {
  return `canary-${name}-${randomBytes(16).toString('hex')}`
}

/** The watched application, and everything that it has printed. */
class Victim {
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  output = ''

  constructor(env: Readonly<Record<string, string>>) {
    this.#child = fork(VICTIM, [], {
      env: { PATH: '/usr/bin:/bin', NODE_ENV: 'development', ...env },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve))
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString('latin1')))
    }
  }

  plant(planted: Planted): void {
    this.#child.send({ planted } satisfies Message)
  }

  async order(order: Order): Promise<void> {
    const done = once(this.#child, 'message')
    this.#child.send(order)
    const died = this.#ended.then((code) => {
      throw new Error(`the victim ended with ${String(code)} while it did ${order.do}`)
    })
    await Promise.race([done, died])
  }

  /** Lets it crash, and waits for its end. */
  async crash(): Promise<number | null> {
    this.#child.send({ do: 'crash' } satisfies Order)
    return this.#ended
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}

describe('planted secrets', function () {
  this.timeout(120_000)
  const planted: Planted = { keyName: plant('key'), value: plant('value') }
  const wrongPassword = plant('wrong-password')
  const powerlessPassword = plant('powerless-password')
  const token = plant('token')
  const encryptionKey = randomBytes(32)
  let redis: RunningRedis
  let proxy: FaultProxy
  let victim: Victim
  let env: Record<string, string>

  before(async () => {
    const hash = createHash('sha256').update(powerlessPassword).digest('hex')
    redis = await startRedis({ acl: [`user powerless on #${hash} resetkeys resetchannels -@all +ping`] })
    proxy = await startProxyBefore(redis)
    env = {
      ...redis.env,
      REDIS_PORT: String(proxy.port),
      REDIS_ENCRYPTION_KEY: encryptionKey.toString('hex'),
      SECURITY_STATUS_TOKEN: token,
      CACHE_TIMEOUT_MS: '100',
    }
    victim = new Victim({ DEBUG: '*', NODE_DEBUG: '*' })
    victim.plant(planted)
  })
  after(async () => {
    victim.kill()
    await proxy.stop()
    await redis.stop()
  })

  /** Each as it was given, and in the forms that bytes are printed in. */
  function secrets(): ReadonlyMap<string, string> {
    const texts: readonly (readonly [string, Buffer])[] = [
      ['key name', Buffer.from(planted.keyName)],
      ['value', Buffer.from(planted.value)],
      ['wrong password', Buffer.from(wrongPassword)],
      ['password without rights', Buffer.from(powerlessPassword)],
      ['status token', Buffer.from(token)],
      ['encryption key', encryptionKey],
      ...Object.entries(redis.passwords).map(
        ([role, password]) => [`password of ${role}`, Buffer.from(password)] as const,
      ),
    ]
    const forms = new Map<string, string>()
    for (const [name, bytes] of texts) {
      forms.set(name, bytes.toString('latin1'))
      forms.set(`${name}, hex`, bytes.toString('hex'))
      forms.set(`${name}, inspected bytes`, bytes.toString('hex').replaceAll(/(..)(?=.)/g, '$1 '))
      forms.set(`${name}, base64`, bytes.toString('base64').replace(/=+$/, ''))
      forms.set(`${name}, base64url`, bytes.toString('base64url'))
    }
    return forms
  }

  function expectSilence(output: string): void {
    for (const [name, text] of secrets()) {
      const at = output.indexOf(text)
      if (at === -1) continue
      const around = output.slice(Math.max(0, at - 300), at + 20).replaceAll(text, '<THE SECRET>')
      expect.fail(`the ${name} came out:\n…${around}…`)
    }
  }

  async function exercise(label: string, changes: Readonly<Record<string, string>> = {}): Promise<void> {
    await victim.order({ do: 'open', env: { ...env, ...changes } })
    await victim.order({ do: 'exercise', label })
    await victim.order({ do: 'close' })
  }

  it('would be found if they came out', () => {
    for (const text of secrets().values())
      expect(() => expectSilence(`noise ${text} noise`)).to.throw('came out')
  })

  it('stay inside while all is well, and when the application misuses the cache', async () => {
    await exercise('well')
    await victim.order({ do: 'open', env })
    await victim.order({ do: 'misuse' })
    await victim.order({ do: 'close' })
    expect(victim.output).to.include('well degrading set: done').and.to.include('a map: failed')
    expectSilence(victim.output)
  })

  it('stay inside when logins, permissions and certificates are refused', async () => {
    await exercise('wrong password', { REDIS_CACHE_PASSWORD: wrongPassword })
    await exercise('no rights', {
      REDIS_CACHE_USERNAME: 'powerless',
      REDIS_CACHE_PASSWORD: powerlessPassword,
    })
    await exercise('another name', { REDIS_TLS_SERVERNAME: 'elsewhere.example' })
    expect(victim.output).to.include('ERR_REDIS_WRONGPASS').and.to.include('ERR_REDIS_NOPERM')
    expect(victim.output).to.include('ERR_TLS_SERVER_NAME')
    expectSilence(victim.output)
  })

  it('stay inside when the way to the server breaks', async () => {
    await victim.order({ do: 'open', env })
    const faults: readonly (readonly [string, () => unknown])[] = [
      ['delayed', () => proxy.delay(150)],
      ['frozen', () => proxy.freeze()],
      ['swallowed', () => proxy.swallow('replies')],
      ['halved', () => proxy.halveNextReply()],
      ['garbled', () => proxy.garbleNextReply()],
      ['refused', () => proxy.refuse()],
    ]
    for (const [label, breakIt] of faults) {
      await breakIt()
      await victim.order({ do: 'exercise', label })
      proxy.heal()
    }
    // The client takes its time before it tries again.
    await until(
      'it has met a refused connection',
      async () => {
        await victim.order({ do: 'exercise', label: 'refused' })
        return /ERR_REDIS_(?:REFUSED|RESET)/.test(victim.output)
      },
      30_000,
    )
    await proxy.accept()
    await victim.order({ do: 'close' })
    expect(victim.output).to.include('ERR_CACHE_TIMEOUT')
    expectSilence(victim.output)
  })

  it('stay inside when the server refuses writes', async () => {
    const admin = redis.admin()
    await victim.order({ do: 'open', env })
    await admin.config('SET', 'maxmemory', '1')
    await victim.order({ do: 'exercise', label: 'out of memory' })
    await admin.config('SET', 'maxmemory', '0')
    await admin.replicaof('127.0.0.1', 1)
    await victim.order({ do: 'exercise', label: 'read only' })
    await admin.replicaof('NO', 'ONE')
    await victim.order({ do: 'close' })
    expect(victim.output).to.include('ERR_REDIS_OOM').and.to.include('ERR_REDIS_READONLY')
    expectSilence(victim.output)
  })

  it('stay inside when settings cannot be used', async () => {
    const spoilt: readonly Readonly<Record<string, string>>[] = [
      { REDIS_CACHE_PASSWORD: planted.value.slice(0, 15) },
      { REDIS_ENCRYPTION_KEY: planted.value },
      { REDIS_ENCRYPTION_ACCEPTED_KEYS: `${encryptionKey.toString('hex')},${planted.value}` },
      { REDIS_URL: `redis://user:${wrongPassword}@host:port/${planted.value}` },
      { REDIS_PORT: planted.value, CACHE_TTL: planted.value, CACHE_BACKEND: planted.value },
      { REDIS_TLS_KEY: planted.value, REDIS_TLS_CA: planted.value },
      { SECURITY_STATUS_TOKEN: planted.value.slice(0, 20), SECURITY_SMTP_URL: `smtp://u:${wrongPassword}@` },
      { REDIS_KEY_PREFIX: planted.value, REDIS_CACHE_USERNAME: `${planted.value}\n` },
    ]
    for (const changes of spoilt) await victim.order({ do: 'misconfigure', env: { ...env, ...changes } })
    expect(victim.output.match(/misconfigured: failed/g)).to.have.length(spoilt.length)
    // The first is a part of the planted text; nothing of it may show either.
    expect(victim.output).not.to.include(planted.value.slice(0, 15))
    expectSilence(victim.output)
  })

  it('stay inside when nobody catches the error and the process crashes', async () => {
    await victim.order({ do: 'open', env })
    await redis.pause()
    const code = await victim.crash()
    await redis.resume()
    expect(code).not.to.equal(0)
    expect(victim.output).to.match(/ERR_(?:CACHE_TIMEOUT|REDIS_)/)
    expectSilence(victim.output)
  })
})
