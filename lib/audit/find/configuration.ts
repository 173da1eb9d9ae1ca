import { posix } from 'node:path'

import leven from 'leven'

import { DIRECTIVE_NAMES, directiveKnowledge } from '../acl/commands.js'
import { knowsCommand } from '../../redis/versions.js'
import { directivesOf, lastDirective, memoryBytes, settingOf, type RedisConf } from '../formats/redis-conf.js'
import { startOf } from '../position.js'
import { nameRelease } from '../server-releases.js'
import { confsOf, mustBe, setting, type Find } from './settings.js'

/** CFG-001 to CFG-003: the default is `no`; anything else was written. */
export function notNo(name: string, message: string): Find {
  return setting({ name, judge: (given) => (given === undefined || given[0] === 'no' ? undefined : message) })
}

/** CFG-004 */
export const modules: Find = function* (facts) {
  for (const conf of confsOf(facts)) {
    for (const { at } of directivesOf(conf, 'loadmodule')) {
      yield { at, message: 'a module is loaded: it runs inside the server with all its rights' }
    }
  }
}

/** Where a file written by the server becomes code, a login or a scheduled command. */
const DANGEROUS_FOLDERS =
  /^(?:\/$|\/(?:etc|root|boot|proc|sys|usr|bin|sbin|lib|lib64|opt)(?:\/|$)|\/var\/(?:spool|www)(?:\/|$)|\/(?:home\/[^/]+\/)?\.ssh(?:\/|$))|(?:^|\/)(?:\.ssh|cron[^/]*|public_html|htdocs)(?:\/|$)/
const DANGEROUS_FILES = /\.(?:so|php|jsp|sh|py|js|service|conf)$|^(?:authorized_keys|root|crontab|\..*)$/

/** CFG-005 */
export const dangerousDump: Find = function* (facts) {
  for (const conf of confsOf(facts)) {
    const dir = lastDirective(conf, 'dir')?.args[0]
    if (dir !== undefined && DANGEROUS_FOLDERS.test(posix.normalize(dir.value))) {
      yield { at: dir.at, message: 'the data folder is one whose files the system runs or trusts' }
    }
    for (const name of ['dbfilename', 'appendfilename']) {
      const file = lastDirective(conf, name)?.args[0]
      if (file !== undefined && DANGEROUS_FILES.test(file.value)) {
        yield { at: file.at, message: `${name} names a file that the system runs or trusts` }
      }
    }
  }
}

/** CFG-007 */
export const keyspaceEvents: Find = setting({
  name: 'notify-keyspace-events',
  judge: (given) => (given?.[0] ? 'keyspace events tell names of keys to whoever may subscribe' : undefined),
})

/** CFG-008 */
export const renamedCommands: Find = function* (facts) {
  for (const conf of confsOf(facts)) {
    for (const { at } of directivesOf(conf, 'rename-command')) {
      yield { at, message: 'rename-command hides a command from everybody alike: use access rules instead' }
    }
  }
}

/** CFG-009 */
export const unknownDirectives: Find = function* (facts) {
  for (const conf of facts.confs) {
    // No more is shown of one file (lib/audit/audit.ts), and each costs a comparison with every known name.
    let hints = 100
    for (const { name, at } of conf.directives) {
      if (at.file !== conf.path) continue
      const knowledge = directiveKnowledge(name, facts.target)
      if (knowledge === 'known' && (facts.target === undefined || knowsCommand(facts.target, name))) continue
      if (knowledge !== 'unknown' && facts.target !== undefined) {
        yield { at, message: `${nameRelease(facts.target)} does not know ${name}: it does not start` }
        continue
      }
      // An unknown word may be anything, also a secret in the wrong place: it is not repeated.
      const near = name.length < 4 || name.length > 64 || hints-- <= 0 ? undefined : nearestDirective(name)
      const hint = near === undefined ? '' : ` (did you mean ${near}?)`
      yield { at, message: `no version of Redis knows this directive: it does not start${hint}` }
    }
  }
}

function nearestDirective(name: string): string | undefined {
  return DIRECTIVE_NAMES.find((known) => leven(known, name, { maxDistance: 3 }) < 3)
}

/** Directives that take any number of words, so that a comment after them goes unnoticed. */
const TAKES_HASHES: ReadonlySet<string> = new Set(['user'])

/** CFG-010 */
export const badQuoting: Find = function* (facts) {
  for (const conf of facts.confs) {
    yield* conf.problems
    for (const { name, args, at } of conf.directives) {
      if (at.file !== conf.path || TAKES_HASHES.has(name)) continue
      const comment = args.find(({ value, quoted }, index) => index > 0 && !quoted && value.startsWith('#'))
      if (comment !== undefined) {
        const message = 'a comment after a directive is no comment: the server reads it as further values'
        yield { at: comment.at, message }
      }
    }
  }
}

/** CFG-011 */
export const writableReplica: Find = setting({
  name: 'replica-read-only',
  judge: (given) =>
    given?.[0] === 'no' ? 'replicas accept writes, which the primary never sees' : undefined,
})

/** LIM-001 */
export const noMaxmemory: Find = setting({
  name: 'maxmemory',
  judge: (given) => {
    if (given === undefined) return 'maxmemory is absent: the server grows until the system kills it'
    return memoryBytes(given[0]) === 0
      ? 'maxmemory is 0: the server grows until the system kills it'
      : undefined
  },
})

/** Whether anything is kept on disk. Absent `save` means Redis's own snapshots. */
function persists(conf: RedisConf): boolean {
  if (settingOf(conf, 'appendonly') === 'yes') return true
  const saves = directivesOf(conf, 'save')
  return saves.length === 0 || saves.at(-1)?.args[0]?.value !== ''
}

/** LIM-002: nothing is kept on disk, so it is a cache; and a cache that is full must make room. */
export const noEviction: Find = setting({
  name: 'maxmemory-policy',
  judge: (given, conf) =>
    !persists(conf) && (given?.[0] ?? 'noeviction') === 'noeviction'
      ? 'a cache without eviction refuses writes once it is full: allkeys-lfu makes room'
      : undefined,
})

/** LIM-003 */
export const defaultMaxclients: Find = setting({
  name: 'maxclients',
  judge: (given) =>
    given === undefined || given[0] === '10000'
      ? 'maxclients is at its default of 10000: write what the applications need'
      : undefined,
})

/** LIM-004: the last line for the class of normal clients counts. */
export const unboundedOutput: Find = function* (facts) {
  for (const conf of confsOf(facts)) {
    const words = directivesOf(conf, 'client-output-buffer-limit').flatMap(({ args }) => args)
    const index = words.findLastIndex(({ value }) => value.toLowerCase() === 'normal')
    const [hard, soft] = [words[index + 1], words[index + 2]].map((word) => memoryBytes(word?.value))
    if (index !== -1 && (hard !== 0 || soft !== 0)) continue
    const message =
      index === -1
        ? 'no output limit for normal clients: one that does not read fills the memory'
        : 'the output limit of normal clients is 0: one that does not read fills the memory'
    yield { at: words[index]?.at ?? startOf(conf.path), message }
  }
}

/** LIM-005 */
export const noClientMemory: Find = setting({
  name: 'maxmemory-clients',
  judge: (given) =>
    given === undefined || memoryBytes(given[0]) === 0 || given[0] === '0%'
      ? 'maxmemory-clients is 0: the buffers of all clients together have no limit'
      : undefined,
})

const QUERY_LIMIT = 1024 ** 3
const BULK_LIMIT = 512 * 1024 ** 2

function largeLimit(name: string, most: number, text: string): Find {
  return setting({
    name,
    judge: (given) =>
      given === undefined || (memoryBytes(given[0]) ?? 0) >= most
        ? `${name} allows ${text}: one client can ask for that much memory`
        : undefined,
  })
}

/** LIM-006 */
export const largeQueries: Find = function* (facts) {
  yield* largeLimit('client-query-buffer-limit', QUERY_LIMIT, '1 GiB')(facts)
  yield* largeLimit('proto-max-bulk-len', BULK_LIMIT, '512 MiB')(facts)
}

/** LOG-003 */
export const userDataInLog: Find = (facts) =>
  facts.target !== undefined && knowsCommand(facts.target, 'hide-user-data-from-log')
    ? setting({
        name: 'hide-user-data-from-log',
        judge: mustBe('yes', 'a crash writes keys and values into the log'),
      })(facts)
    : []

const EVICTS = /^allkeys-/

/** PER-001: it evicts whatever it likes, so nothing in it is worth a disk. */
export const persistentCache: Find = function* (facts) {
  for (const conf of confsOf(facts)) {
    const policy = lastDirective(conf, 'maxmemory-policy')?.args[0]
    if (policy === undefined || !EVICTS.test(policy.value.toLowerCase()) || !persists(conf)) continue
    const on = lastDirective(conf, 'appendonly')?.args[0]
    const at =
      on?.value.toLowerCase() === 'yes'
        ? on.at
        : (lastDirective(conf, 'save')?.args[0]?.at ?? startOf(conf.path))
    yield {
      at,
      message: 'a cache that evicts also writes its values to disk: write save "" and appendonly no',
    }
  }
}
