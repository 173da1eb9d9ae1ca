import type { Position } from '../position.js'
import { parseAclUser, type AclProblem, type AclUser, type AclWord } from './acl-rules.js'
import { directivesOf, type RedisConf } from './redis-conf.js'
import { linesOf, placeIn, trimBlanks, type Line, type SourceText } from './source-text.js'

/** The users of one source: users.acl, or the `user` lines of a configuration. */
export interface AclList {
  readonly path: string
  readonly origin: 'aclfile' | 'conf'
  readonly users: readonly AclUser[]
  readonly problems: readonly AclProblem[]
}

/** Each is simulated against every command; no real file has as many. */
const MAX_USERS = 1000

/**
 * Reads users.acl as `ACLLoadFromFile` does (src/acl.c, 7.0): every line is empty or `user <name> <rules>`,
 * cut at single spaces; there are no comments, no quotes and no tabs.
 */
export function parseAclFile(source: SourceText): AclList {
  const users: AclUser[] = []
  const problems: AclProblem[] = []
  const lineOf = new Map<string, number>()
  if (source.byteOrderMark) {
    problems.push(
      refused(
        { file: source.path, line: 1, column: 1 },
        'the file begins with a byte-order mark: the server does not start',
      ),
    )
  }
  for (const line of linesOf(source)) {
    if (users.length === MAX_USERS) {
      const message = `not checked from here on: more than ${MAX_USERS} users`
      problems.push(refused(placeIn(source, line, 0), message))
      break
    }
    const words = wordsOf(source, line)
    if (words.length === 0) continue
    const nul = line.text.indexOf('\0')
    if (nul !== -1)
      problems.push(refused(placeIn(source, line, nul), 'a NUL byte cuts the line short for the server'))
    const problem = lineProblem(words)
    if (problem !== undefined) {
      problems.push(problem)
      continue
    }
    const [, name, ...rules] = words
    if (name === undefined) continue
    const earlier = lineOf.get(name.value)
    if (earlier !== undefined) {
      problems.push(
        refused(name.at, `the user was already given on line ${earlier}: the server refuses the file`),
      )
    }
    lineOf.set(name.value, line.number)
    // The server takes the empty name, and reads on.
    if (name.value === '') {
      problems.push(refused(name.at, 'the user name is empty: exactly one space must follow "user"'))
    }
    if (/["']/.test(name.value)) {
      problems.push(refused(name.at, 'quotes would be part of the user name: an access list has no quoting'))
    }
    const parsed = parseAclUser(name, trimmed(rules))
    users.push(parsed.user)
    problems.push(...parsed.problems)
  }
  return { path: source.path, origin: 'aclfile', users, problems }
}

/** The `user` lines of a configuration: Redis's words, the same rules. */
export function usersOfConf(conf: RedisConf): AclList {
  const users: AclUser[] = []
  const problems: AclProblem[] = []
  for (const { args, at } of directivesOf(conf, 'user')) {
    const [name, ...rules] = args
    if (name === undefined) {
      problems.push(refused(at, 'a user needs a name'))
      continue
    }
    const parsed = parseAclUser(name, rules)
    users.push(parsed.user)
    problems.push(...parsed.problems)
  }
  return { path: conf.path, origin: 'conf', users, problems }
}

function wordsOf(source: SourceText, line: Line): AclWord[] {
  const { body, lead } = trimBlanks(line.text, ' \t\r')
  if (body === '') return []
  let index = lead
  return body.split(' ').map((value) => {
    const word = { value, at: placeIn(source, line, index) }
    index += value.length + 1
    return word
  })
}

/** The server takes tabs off the ends of a rule, though not inside a selector, which is one rule to it. */
function trimmed(rules: readonly AclWord[]): readonly AclWord[] {
  let inside = false
  return rules.map(({ value, at }) => {
    const starts = !inside && value.startsWith('(')
    const whole = !inside && !starts
    inside = (inside || starts) && !value.endsWith(')')
    if (!whole) return { value, at }
    const { body, lead } = trimBlanks(value, '\t\r')
    return { value: body, at: { ...at, column: at.column + lead } }
  })
}

function lineProblem([keyword, name]: readonly AclWord[]): AclProblem | undefined {
  if (keyword === undefined) return undefined
  if (keyword.value.startsWith('#')) {
    return refused(keyword.at, 'an access list has no comments: the server does not start')
  }
  if (keyword.value !== 'user') {
    return refused(keyword.at, 'a line must begin with "user" in lower case and one space')
  }
  if (name === undefined) return refused(keyword.at, 'a user needs a name')
  if (/[\t\v\f\r\0]/.test(name.value)) {
    return refused(name.at, 'a tab follows the user name: only spaces separate rules')
  }
  return undefined
}

function refused(at: Position, message: string): AclProblem {
  return { at, message, crash: false }
}
