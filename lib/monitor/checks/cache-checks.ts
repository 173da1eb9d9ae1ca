import type { SelfTestSeen } from '../observations.js'
import { counted, judgeSeen } from './verdict.js'
import type { CheckRule } from './verdict.js'

/** In the order in which the self-test meets them; the first that is not so is what is reported. */
const SELF_TEST_STEPS: readonly (readonly [keyof SelfTestSeen, string, string])[] = [
  [
    'sealed',
    'values are stored without encryption',
    'give REDIS_ENCRYPTION_KEY and remove CACHE_UNSAFE_NO_ENCRYPTION',
  ],
  [
    'storedSealed',
    'what lies in the store is not what was sealed',
    'something between this application and Redis changes values: look for a proxy or another writer of this prefix',
  ],
  [
    'opened',
    'the stored value did not open under our keys',
    'compare REDIS_ENCRYPTION_KEY over all instances',
  ],
  ['boundToKey', 'a value opened under the name of another key', 'report this: see SECURITY.md'],
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
        : { state: 'fail', observed: broken[1], remedy: broken[2] }
    }),
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
            remedy: 'docs/errors.md says what this code means and what to do',
          },
    ),
}

export const storedValuesCheck: CheckRule<'stored_values'> = {
  id: 'stored_values',
  backends: ['redis', 'memory'],
  source: 'values that did not open in the last hour',
  judge: ({ happened, encryptionErrorsPerHour, now: at }) => {
    const { decryptFailuresLastHour: failures, tamperedLastHour: tampered } = happened
    if (tampered > 0) {
      return {
        state: 'fail',
        at,
        observed: `${counted(tampered, 'value')} altered, moved to another key or put there by someone else`,
        remedy: 'find out who can write to Redis: docs/incident-response.md, "tampered values"',
      }
    }
    if (failures === 0) return { state: 'pass', at, observed: 'every value that was read opened' }
    return {
      state: failures >= encryptionErrorsPerHour ? 'fail' : 'warn',
      at,
      observed: `${counted(failures, 'value')} did not open`,
      remedy:
        'after a change of keys: add the previous one to REDIS_ENCRYPTION_ACCEPTED_KEYS, or wait until the old ' +
        'values have expired',
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
        remedy: `remove ${insecure.map(({ variable }) => variable).join(', ')}`,
      }
    }
    return warnings.length === 0
      ? { state: 'pass', at, observed: 'no warning' }
      : {
          state: 'warn',
          at,
          observed: `${counted(warnings.length, 'warning')}: ${warnings.map(({ variable }) => variable).join(', ')}`,
          remedy: 'each warning says what to do',
        }
  },
}
