import { part, say } from './elements.js'
import { CHECK_TITLES, counted, STATES } from './words.js'

/** @import { CacheStatus, Check, CheckState } from './shapes.js' */

/** @param {readonly CacheStatus[]} caches */
export function showOverall(caches) {
  const { state, words, more } = overall(caches)
  part('verdict').dataset['state'] = state
  say('verdict-mark', STATES[state].sign)
  say('verdict-words', words)
  say('verdict-more', more)
  document.title = `${STATES[state].sign} Cache security`
}

/**
 * Is my cache safe right now? What is not known is never called safe.
 * @param {readonly CacheStatus[]} caches
 * @returns {{ state: CheckState, words: string, more: string }}
 */
export function overall(caches) {
  const checks = caches.flatMap((cache) => cache.checks)
  const failed = checks.filter(({ state }) => state === 'fail')
  const unknown = checks.filter(({ state }) => state === 'unknown')
  const warned = checks.filter(({ state }) => state === 'warn')
  if (failed.length > 0) {
    return { state: 'fail', words: failure(failed), more: `${named(failed)}. What to do stands below.` }
  }
  if (caches.every(({ backend }) => backend === 'memory')) {
    return {
      state: 'warn',
      words: 'Values live in the memory of this process',
      more: 'There is no Redis to judge: this is for development and tests.',
    }
  }
  if (unknown.length > 0) {
    const more = `${counted(unknown.length, 'check')} could not be made: ${named(unknown)}.`
    const proven = caches.every(({ secured, backend }) => secured || backend === 'memory')
    return proven
      ? { state: 'warn', words: 'Login, connection and values are protected; not all could be seen', more }
      : { state: 'unknown', words: 'It is not known whether the cache is safe', more }
  }
  if (warned.length > 0) {
    return { state: 'warn', words: 'The cache is protected, but look at this', more: `${named(warned)}.` }
  }
  return {
    state: 'pass',
    words: 'The cache is safe',
    more: 'Login, connection, values and network are as they should be, and nothing suspicious was seen.',
  }
}

/** @param {readonly Check[]} failed */
function failure(failed) {
  const away = failed.some(({ id }) => id === 'redis_available')
  const others = failed.filter(({ id }) => id !== 'redis_available')
  if (away && others.length === 0) return 'Redis is away: the application works without its cache'
  return away ? 'Redis is away, and the cache is not safe' : 'The cache is not safe'
}

/** @param {readonly Check[]} checks */
function named(checks) {
  return [...new Set(checks.map(({ id }) => CHECK_TITLES[id] ?? id))].join(', ')
}
