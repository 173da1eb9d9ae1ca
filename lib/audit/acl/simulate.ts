import type { AclRule, AclUser } from '../formats/acl-rules.js'
import { childrenOf, COMMANDS, EXECUTABLE, isFirstArgument } from './commands.js'

/** A command that a user may send, and the rule that gives it. */
export type Grants = ReadonlyMap<string, AclRule>

/** A rule that gives back what an earlier one had taken away. */
export interface Regrant {
  readonly by: AclRule
  readonly takenBy: AclRule
  readonly commands: readonly string[]
}

export interface Simulation {
  /** What the user may execute, over its own rules and all selectors. */
  readonly grants: Grants
  readonly regrants: readonly Regrant[]
  /** The rule that allows everything, where nothing resets it. */
  readonly allCommands: AclRule | undefined
}

/** Rules after the last `reset`, which forgets all before it. */
export function effectiveRules(user: AclUser): readonly AclRule[] {
  return user.rules.slice(user.rules.findLastIndex(({ kind }) => kind === 'reset') + 1)
}

/** A user's lists of rules, each of which grants on its own. */
export function ruleLists(user: AclUser): readonly (readonly AclRule[])[] {
  return [effectiveRules(user), ...user.selectors]
}

/**
 * Applies the rules of a user in their order, as the server does (src/acl.c, 7.0): a category reaches every
 * command and subcommand in it; a command reaches its subcommands; the last rule on a command decides.
 */
export function simulate(user: AclUser): Simulation {
  const known = SIMULATED.get(user) ?? simulateUser(user)
  SIMULATED.set(user, known)
  return known
}

/** A dozen rules ask about the same user, who does not change. */
const SIMULATED = new WeakMap<AclUser, Simulation>()

function simulateUser(user: AclUser): Simulation {
  const grants = new Map<string, AclRule>()
  const regrants: Regrant[] = []
  let allCommands: AclRule | undefined
  for (const rules of ruleLists(user)) {
    const list = simulateList(rules)
    for (const [command, rule] of list.grants) if (!grants.has(command)) grants.set(command, rule)
    regrants.push(...list.regrants)
    allCommands ??= list.allCommands
  }
  return { grants, regrants, allCommands }
}

function simulateList(rules: readonly AclRule[]): Simulation {
  const grants = new Map<string, AclRule>()
  const denied = new Map<string, AclRule>()
  let allCommands: AclRule | undefined
  for (const rule of rules) {
    const commands = commandsOf(rule)
    if (rule.kind === 'allow-category' || rule.kind === 'allow-command') {
      if (rule.kind === 'allow-category' && rule.value === 'all') allCommands = rule
      for (const command of commands) grants.set(command, rule)
    }
    if (rule.kind === 'deny-category' || rule.kind === 'deny-command') {
      const everything = rule.kind === 'deny-category' && rule.value === 'all'
      if (everything) allCommands = undefined
      for (const command of commands) {
        grants.delete(command)
        // `-@all` clears the table for what follows; it takes nothing away on purpose.
        if (everything) denied.delete(command)
        else denied.set(command, rule)
      }
    }
  }
  return { grants, regrants: regrantsOf(grants, denied), allCommands }
}

/** A category that re-allows what was denied before it; a single command is meant as it stands. */
function regrantsOf(grants: Grants, denied: ReadonlyMap<string, AclRule>): readonly Regrant[] {
  const found = new Map<AclRule, { takenBy: AclRule; commands: string[] }>()
  for (const [command, takenBy] of denied) {
    const by = grants.get(command)
    if (by?.kind !== 'allow-category') continue
    const entry = found.get(by) ?? { takenBy, commands: [] }
    entry.commands.push(command)
    found.set(by, entry)
  }
  return [...found].map(([by, { takenBy, commands }]) => ({ by, takenBy, commands: commands.toSorted() }))
}

function commandsOf({ kind, value }: AclRule): readonly string[] {
  if (kind === 'allow-category' || kind === 'deny-category') {
    return value === 'all' ? EXECUTABLE : inCategory(value)
  }
  return kind === 'allow-command' || kind === 'deny-command' ? namedBy(value) : []
}

const BY_CATEGORY = new Map<string, readonly string[]>()

function inCategory(category: string): readonly string[] {
  const known = BY_CATEGORY.get(category)
  if (known !== undefined) return known
  const commands = [...COMMANDS.values()]
    .filter(({ categories }) => categories.has(category))
    .flatMap(({ name }) => namedBy(name))
  BY_CATEGORY.set(category, commands)
  return commands
}

function namedBy(name: string): readonly string[] {
  const children = childrenOf(name)
  if (children.length > 0) return children
  if (COMMANDS.has(name)) return [name]
  // `+select|0` lets the command through, for that argument.
  return isFirstArgument(name) ? [name.split('|')[0] ?? name] : []
}
