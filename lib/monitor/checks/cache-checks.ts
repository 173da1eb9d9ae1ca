import { redisCli } from './commands.js'
import { meaningOf } from './error-meaning.js'
import type { Evidence, SelfTestSeen } from '../observations.js'
import { counted, judgeSeen } from './verdict.js'
import type { CheckRule } from './verdict.js'

/** In the order in which the self-test meets them; the first that is not so is what is reported. */
const SELF_TEST_STEPS: readonly (readonly [keyof SelfTestSeen, string, string])[] = [
  [
    'sealed',
    'values are stored without encryption',
    'make a key with `openssl rand -hex 32`, give it as REDIS_ENCRYPTION_KEY and remove CACHE_UNSAFE_NO_ENCRYPTION',
  ],
  [
    'storedSealed',
    'what lies in the store is not what was sealed',
    'something between this application and Redis changes values: a proxy, or another writer of this prefix. ' +
      'See who is connected: ',
  ],
  [
    'opened',
    'the stored value did not open under our keys',
    'compare REDIS_ENCRYPTION_KEY over all instances, then start them anew. See who else writes: ',
  ],
  [
    'boundToKey',
    'a value opened under the name of another key',
    'report this (SECURITY.md) with the output of `npm ls express-secure-cache`',
  ],
]

export const encryptionCheck: CheckRule<'encryption_enabled'> = {
  id: 'encryption_enabled',
  backends: ['redis', 'memory'],
  source: 'a self-test value: sealed, stored, fetched raw, opened',
  judge: (evidence) =>
    judgeSeen(evidence, 'selfTest', (seen) => {
      const broken = SELF_TEST_STEPS.find(([step]) => !seen[step])
      return broken === undefined
        ? {
            state: 'pass',
            observed: 'sealed, stored, fetched raw and opened; refused under another key name',
          }
        : { state: 'fail', observed: broken[1], remedy: completed(broken[2], evidence) }
    }),
}

/** Whoever may have done it is among the clients. */
function completed(remedy: string, evidence: Evidence): string {
  return remedy.endsWith(': ') ? remedy + redisCli(evidence, 'operator', 'CLIENT LIST') : remedy
}

export const availabilityCheck: CheckRule<'redis_available'> = {
  id: 'redis_available',
  backends: ['redis'],
  source: 'the cache connection',
  judge: (evidence) =>
    judgeSeen(evidence, 'connection', ({ up, errorCode, serverVersion }) =>
      up
        ? {
            state: 'pass',
            observed: serverVersion === undefined ? 'connected' : `connected, Redis ${serverVersion}`,
          }
        : {
            state: 'fail',
            observed: `not connected (${errorCode ?? 'no reason known'}): every read is a miss`,
            remedy: `${meaningOf(errorCode)}. Try it: ${redisCli(evidence, 'operator', 'PING')}`,
          },
    ),
}

export const storedValuesCheck: CheckRule<'stored_values'> = {
  id: 'stored_values',
  backends: ['redis', 'memory'],
  source: 'values that did not open in the last hour',
  judge: (evidence) => {
    const { happened, encryptionErrorsPerHour, now: at } = evidence
    const { decryptFailuresLastHour: failures, tamperedLastHour: tampered } = happened
    if (tampered > 0) {
      return {
        state: 'fail',
        at,
        observed: `${counted(tampered, 'value')} altered, moved to another key or put there by someone else`,
        remedy:
          `find out who can write to Redis: ${redisCli(evidence, 'operator', 'ACL LIST')} beside the generated ` +
          'users.acl, and `CLIENT LIST` in the same way (docs/incident-response.md, "Tampered values")',
      }
    }
    if (failures === 0) return { state: 'pass', at, observed: 'every value that was read opened' }
    return {
      state: failures >= encryptionErrorsPerHour ? 'fail' : 'warn',
      at,
      observed: `${counted(failures, 'value')} did not open`,
      remedy:
        'after a change of keys: add the previous one to `REDIS_ENCRYPTION_ACCEPTED_KEYS`, or wait until the old ' +
        'values have expired. The reasons: `GET /events?type=decrypt.failure` of this status',
    }
  },
}

export const configurationCheck: CheckRule<'configuration'> = {
  id: 'configuration',
  backends: ['redis', 'memory'],
  source: 'the settings that this process started with',
  judge: ({ warnings, now: at }) => {
    const insecure = warnings.filter((warning) => warning.insecure)
    if (insecure.length > 0) {
      return {
        state: 'fail',
        at,
        observed: `insecure by choice: ${insecure.map(({ variable }) => variable).join(', ')}`,
        remedy: `remove ${insecure.map(({ variable }) => `\`${variable}\``).join(', ')} and start again; ${LOOK}`,
      }
    }
    return warnings.length === 0
      ? { state: 'pass', at, observed: 'no warning' }
      : {
          state: 'warn',
          at,
          observed: `${counted(warnings.length, 'warning')}: ${warnings.map(({ variable }) => variable).join(', ')}`,
          remedy: `each warning says what to do; ${LOOK}`,
        }
  },
}

const LOOK = '`npx secure-cache check .` shows what else is weak in files'
