import type { Rule, RuleId } from './rule.js'
import { ACCESS } from './rules/access.js'
import { AUTHENTICATION } from './rules/authentication.js'
import { CONFIGURATION } from './rules/configuration.js'
import { CONTAINERS } from './rules/containers.js'
import { LIMITS } from './rules/limits.js'
import { NETWORK } from './rules/network.js'
import { OPERATION } from './rules/operation.js'
import { TLS } from './rules/tls.js'

/** The catalogue: what is wrong, why, and how it shows. docs/rules.md is written from it. */
export const RULES: readonly Rule[] = [
  ...AUTHENTICATION,
  ...ACCESS,
  ...NETWORK,
  ...TLS,
  ...CONFIGURATION,
  ...LIMITS,
  ...OPERATION,
  ...CONTAINERS,
]

const BY_ID: ReadonlyMap<string, Rule> = new Map(RULES.map((rule) => [rule.id, rule]))

export function isRuleId(id: string): id is RuleId {
  return BY_ID.has(id)
}

/** The rule of an id, in upper or lower case. */
export function findRule(id: string): Rule | undefined {
  return BY_ID.get(id.toUpperCase())
}
