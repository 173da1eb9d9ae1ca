import { knowsCommand, type ServerVersion } from '../../redis/versions.js'
import type { FolderFacts } from '../facts.js'
import { lastDirective, type Directive, type RedisConf } from '../formats/redis-conf.js'
import { startOf } from '../position.js'
import type { RuleSeverity } from '../level.js'
import type { Hit } from '../rule.js'

/** A predicate over a folder. */
export type Find = (facts: FolderFacts) => Iterable<Hit>

/** Which configurations a rule is about. */
export type Scope = 'server' | 'sentinel' | 'every'

/** What is wrong with one setting of a configuration. */
export interface Wrong {
  readonly message: string
  /** The argument to point at; the first where absent. */
  readonly argument?: number | undefined
  readonly severity?: RuleSeverity | undefined
}

export interface SettingRule {
  readonly name: string
  readonly scope?: Scope | undefined
  /**
   * Judges the directive that counts. `values` are its arguments in lower case, `undefined` where it is
   * absent and the server's default holds.
   */
  readonly judge: (values: readonly string[] | undefined, conf: RedisConf) => string | Wrong | undefined
}

/** The configurations of a kind that stand on their own. */
export function confsOf(facts: FolderFacts, scope: Scope = 'server'): readonly RedisConf[] {
  return facts.confs.filter(({ kind, fragment }) => !fragment && (scope === 'every' || kind === scope))
}

/** A rule on one setting: points at its value, or at the start of the file where it is absent. */
export function setting({ name, scope, judge }: SettingRule): Find {
  return function* findSetting(facts) {
    // A server that does not know a directive has nothing to set: 6.2 has no maxmemory-clients.
    if (facts.target !== undefined && !knowsDirective(facts.target, name)) return
    for (const conf of confsOf(facts, scope)) {
      const directive = lastDirective(conf, name)
      const wrong = judge(
        directive?.args.map(({ value }) => value.toLowerCase()),
        conf,
      )
      if (wrong !== undefined) yield hitAt(conf, directive, wrong)
    }
  }
}

function hitAt(conf: RedisConf, directive: Directive | undefined, wrong: string | Wrong): Hit {
  const { message, argument = 0, severity } = typeof wrong === 'string' ? { message: wrong } : wrong
  const at = directive?.args[argument]?.at ?? directive?.at ?? startOf(conf.path)
  return { at, message, severity }
}

function knowsDirective(target: ServerVersion, name: string): boolean {
  return knowsCommand(target, name)
}

/** Wrong where the value is one of these. */
export function oneOf(values: readonly string[], message: string): SettingRule['judge'] {
  return (given) => (given !== undefined && values.includes(given[0] ?? '') ? message : undefined)
}

/** Wrong where a directive is given and says anything but this. */
export function otherThan(value: string, message: string): SettingRule['judge'] {
  return (given) => (given !== undefined && given[0] !== value ? message : undefined)
}

/** Wrong where the directive is absent or says anything but this. */
export function mustBe(value: string, message: string): SettingRule['judge'] {
  return (given) => (given?.[0] === value ? undefined : message)
}

/** Several predicates as one. */
export function allOf(...finds: readonly Find[]): Find {
  return function* findAll(facts) {
    for (const find of finds) yield* find(facts)
  }
}
