import { createSecureCache, type OpenFailure, type SecureCache } from '../../lib/index.js'
import { speak, type Approach } from './attacker.js'
import type { Deployment } from './deployment.js'
import type { Outcome, Step } from './print.js'
import { until } from './wait.js'

const SECRET_TEXT = 'the value that nobody else may read'

/** Attacks that a hardened server and a sealed cache must survive, one step each. */
export function attackSteps(deployment: Deployment, cache: SecureCache): Step[] {
  return [...accessSteps(deployment), ...sealSteps(deployment, cache)]
}

interface AccessAttack {
  readonly title: string
  readonly tried: string
  readonly expected: string
  readonly approach: Approach
  readonly commands: readonly string[]
  /** What the last reply must look like. */
  readonly refusal: RegExp
}

function accessSteps(deployment: Deployment): Step[] {
  const login = deployment.loginLine()
  const attacks: readonly AccessAttack[] = [
    {
      title: 'no password',
      tried: 'PING over TLS with a stolen client certificate, without logging in',
      expected: 'NOAUTH',
      approach: 'tls with client certificate',
      commands: ['PING'],
      refusal: /^-NOAUTH/,
    },
    {
      title: 'a wrong password',
      tried: 'AUTH cache_service with a guess',
      expected: 'WRONGPASS',
      approach: 'tls with client certificate',
      commands: ['AUTH cache_service letmein-letmein-letmein'],
      refusal: /^-WRONGPASS/,
    },
    {
      title: 'a plaintext connection',
      tried: 'PING without TLS on the same port',
      expected: 'no answer: the connection is closed',
      approach: 'plaintext',
      commands: ['PING'],
      refusal: /^closed$/,
    },
    {
      title: 'no client certificate',
      tried: 'PING over TLS without a certificate of our own authority',
      expected: 'no answer: the connection is closed',
      approach: 'tls',
      commands: ['PING'],
      refusal: /^closed$/,
    },
    {
      title: "another tenant's key",
      tried: 'log in as the application and read a key outside its prefix',
      expected: 'NOPERM',
      approach: 'tls with client certificate',
      commands: [login, 'GET other_tenant:invoice:7'],
      refusal: /^-NOPERM/,
    },
    {
      title: 'FLUSHALL',
      tried: 'log in as the application and empty the server',
      expected: 'NOPERM',
      approach: 'tls with client certificate',
      commands: [login, 'FLUSHALL'],
      refusal: /^-NOPERM/,
    },
  ]
  return attacks.map(({ title, tried, expected, approach, commands, refusal }) => ({
    title,
    tried,
    expected,
    async run() {
      const replies = await speak(deployment.target, approach, commands)
      const last = replies.at(-1) ?? 'nothing'
      return { seen: last, asExpected: replies.length === commands.length && refusal.test(last) }
    },
  }))
}

/** Attacks by somebody who can write to Redis: here the administrator, who may do everything. */
function sealSteps(deployment: Deployment, cache: SecureCache): Step[] {
  const { admin } = deployment
  const redisKey = (key: string): string => deployment.redisKey(key)
  const refused = async (key: string, reason: OpenFailure): Promise<Outcome> => {
    const before = refusals(cache, reason)
    const value = await cache.get(key)
    // The second event of a kind within a second is held back until that second is over.
    const reported = await until(async () => refusals(cache, reason) > before)
    const event = reported ? `a decrypt.failure event, reason ${reason}` : 'no event'
    return {
      seen: value === undefined ? `a miss, ${event}` : 'the value was returned',
      asExpected: value === undefined && reported,
    }
  }
  return [
    {
      title: 'a ciphertext moved to another key',
      tried: "copy Alice's sealed value over Bob's key, then read as Bob",
      expected: 'a miss: the seal is bound to its key name',
      async run() {
        await cache.set('user:alice', { text: SECRET_TEXT })
        await admin.copy(redisKey('user:alice'), redisKey('user:bob'), 'REPLACE')
        return refused('user:bob', 'tag')
      },
    },
    {
      title: 'one flipped bit',
      tried: 'change one bit in the middle of the sealed value',
      expected: 'a miss: the seal is broken',
      async run() {
        await cache.set('user:carol', { text: SECRET_TEXT })
        const bytes = await admin.getBuffer(redisKey('user:carol'))
        if (bytes === null) return { seen: 'the value was not stored', asExpected: false }
        const middle = Math.floor(bytes.length / 2)
        bytes.writeUInt8(bytes.readUInt8(middle) ^ 0x01, middle)
        await admin.set(redisKey('user:carol'), bytes)
        return refused('user:carol', 'tag')
      },
    },
    {
      title: 'a value sealed under a foreign key',
      tried: 'write a value with the same library and another encryption key',
      expected: 'a miss: the key id is not one of ours',
      async run() {
        await using intruder = createSecureCache({ env: deployment.envWithForeignKey(), logger: false })
        await intruder.ready({ timeoutMs: 2000 })
        const planted = await intruder.set('user:dave', { text: 'planted' })
        return planted
          ? refused('user:dave', 'unknown_key')
          : { seen: 'could not be planted', asExpected: false }
      },
    },
    {
      title: 'an old value put back after its lifetime',
      tried: 'put back what the cache wrote two hours ago for one hour, this time without expiry',
      expected: 'a miss: issue time and lifetime are sealed in',
      async run() {
        await admin.set(
          redisKey('user:erin'),
          deployment.sealedTwoHoursAgo('user:erin', { text: SECRET_TEXT }),
        )
        return refused('user:erin', 'expired')
      },
    },
  ]
}

/** How many values did not open so far for this reason, as the events say. */
function refusals(cache: SecureCache, reason: OpenFailure): number {
  let total = 0
  for (const event of cache.monitor.recentEvents({ type: 'decrypt.failure' })) {
    if (event.type === 'decrypt.failure' && event.reason === reason) total += event.count ?? 1
  }
  return total
}
