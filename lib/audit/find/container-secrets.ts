import { fillVariables } from '../formats/compose-variables.js'
import { pairsOf, textsOf, under, type YamlScalar } from '../formats/yaml-tree.js'
import type { Position } from '../position.js'
import { isSecretName, printable } from './names.js'
import { redisServices, scalarOf, servicesOf } from './containers.js'
import type { Find } from './settings.js'

/** Options of redis-server and redis-cli whose value is a password. */
const SECRET_OPTION =
  /^(?:--?(?:requirepass|masterauth|pass|tls-key-file-pass|tls-client-key-file-pass|user-password)|-a|--auth)$/
const SECRET_ASSIGNED = /^--?(?:requirepass|masterauth|pass|auth)=(.+)$/

/** `>password` among the rules of a user; `>/dev/null` and `>&2` are the shell's. */
const ACL_PASSWORD = /^>(?!&|\/dev\/)\S/

interface SecretWord {
  readonly at: Position
  /** Written out, or filled in from a variable or a command. */
  readonly literal: boolean
}

/** The passwords on a command line: `--requirepass x`, `-a x`, `--user … >x`, `REDISCLI_AUTH=x`. */
export function secretWords(words: readonly YamlScalar[]): readonly SecretWord[] {
  const client = words.findIndex(({ text }) => /redis-cli|valkey-cli/.test(text))
  const acl = words.findIndex(({ text }) => /^(?:--user|setuser)$/i.test(text))
  // `-a` belongs to redis-cli; other programs have their own.
  const isOption = (index: number): boolean => {
    const text = words[index]?.text ?? ''
    return SECRET_OPTION.test(text) && (text !== '-a' || (client !== -1 && client < index))
  }
  return words.flatMap((word, index) => {
    const assigned = SECRET_ASSIGNED.exec(word.text)?.[1]
    const value = assigned ?? (isOption(index - 1) ? word.text : undefined)
    const isRule = value === undefined && acl !== -1 && acl < index && ACL_PASSWORD.test(word.text)
    const rule = isRule ? word.text.slice(1) : undefined
    const secret = value ?? rule
    if (secret === undefined || secret === '') return []
    return [{ at: word.at, literal: !secret.includes('$') }]
  })
}

/** Words of a command, also those inside `sh -c "…"`. */
function commandWords(words: readonly YamlScalar[]): readonly YamlScalar[] {
  return words.flatMap((word) => (/\s/.test(word.text) ? wordsOfText(word.text, word.at) : [word]))
}

function wordsOfText(text: string, at: Position): readonly YamlScalar[] {
  return text.split(/\s+/).map((part) => {
    const word = part.replaceAll(/^["']|["']$/g, '')
    return { kind: 'scalar', at, value: word, text: word }
  })
}

/** CMP-013: written out. CFG-012: filled in, and then visible in the list of processes all the same. */
export function secretInCommand(literal: boolean): Find {
  return function* findSecretInCommand(facts) {
    for (const { service } of servicesOf(facts)) {
      for (const secret of secretWords(commandWords(service.command))) {
        if (secret.literal !== literal) continue
        const what = literal
          ? 'stands in the command'
          : 'reaches the command line, which every process list shows'
        yield { at: secret.at, message: `a password of service ${printable(service.name)} ${what}` }
      }
    }
  }
}

/** Variables that an image's start script puts on the server's command line. */
export const OPTIONS_VARIABLE = /^(?:REDIS|VALKEY)(?:STACK)?_(?:ARGS|EXTRA_FLAGS)$/

/** CMP-014 */
export const secretInEnvironment: Find = function* (facts) {
  for (const { service } of servicesOf(facts)) {
    for (const { name, at, value } of pairsOf(under(service.node, 'environment'))) {
      // A name without value is taken from the shell: it ends in the same place.
      const words = OPTIONS_VARIABLE.test(name) ? wordsOfText(value ?? '', at) : []
      if (secretWords(words).length > 0) {
        const message = `a password stands in ${printable(name)}, which docker inspect shows: mount a configuration that names it`
        yield { at, message }
      }
      if (isSecretName(name) && value !== '') {
        const message = `${printable(name)} is an environment variable, which docker inspect shows: mount a secret and set ${printable(name)}_FILE`
        yield { at, message }
      }
    }
  }
}

/** CMP-015 */
export const defaultSecret: Find = function* (facts) {
  for (const { tree } of facts.composes) {
    for (const { scalar } of tree.scalars) {
      for (const { name, operator, given } of fillVariables(scalar.text).variables) {
        if (!operator.endsWith('-') || !isSecretName(name) || given === '') continue
        const message = `${printable(name)} has a default that is published with this file: \${${printable(name)}:?} stops instead`
        yield { at: scalar.at, message }
      }
    }
  }
}

/** CMP-011 */
export const noHealthCheck: Find = function* (facts) {
  for (const { service } of redisServices(facts)) {
    const check = under(service.node, 'healthcheck')
    const disabled = scalarOf(service, 'healthcheck', 'disable')
    if (service.partial && disabled === undefined && check === undefined) continue
    const words = textsOf(under(service.node, 'healthcheck', 'test'))
    if (check !== undefined && disabled?.text !== 'true' && words.length > 0 && words[0]?.text !== 'NONE')
      continue
    const message = `service ${printable(service.name)} has no health check`
    yield { at: disabled?.at ?? service.at, message }
  }
}

/** CMP-012 */
export const uselessHealthCheck: Find = function* (facts) {
  for (const { service } of servicesOf(facts)) {
    const words = textsOf(under(service.node, 'healthcheck', 'test'))
    const first = words[0]
    if (first === undefined || first.text === 'NONE') continue
    if (secretWords(commandWords(words)).length > 0 || clearAuth(words)) {
      const message = `the health check of service ${printable(service.name)} has a password on its command line: REDISCLI_AUTH from a secret file`
      yield { at: first.at, message }
    }
    if (service.redis && cannotFail(words.map(({ text }) => text).join(' '))) {
      const message = `the health check of service ${printable(service.name)} cannot fail: redis-cli exits 0 on NOAUTH; use -e and grep -qx PONG`
      yield { at: first.at, message }
    }
  }
}

/** `REDISCLI_AUTH=word` inside a shell line is on that shell's own command line. */
function clearAuth(words: readonly YamlScalar[]): boolean {
  return words.some(({ text }) => /\bREDISCLI_AUTH=(?!["']?\$)[^\s"']/.test(text))
}

/** Whether a check succeeds whatever the server answers. */
function cannotFail(line: string): boolean {
  if (/(?:\|\||;)\s*(?:exit\s+0|true|:)\s*["']?$/.test(line)) return true
  if (/^(?:CMD-SHELL |CMD )?\s*(?:exit 0|true|:|echo\b[^|&;]*)$/.test(line)) return true
  const asksRedis = /(?:redis|valkey)-cli\b/.test(line)
  const judges = /\|\s*(?:grep|egrep|awk|test)\b|\[\s|==?\s*["']?PONG/.test(line)
  const exits = line.split(/[|;&]/).some((part) => /\s-e(?:\s|$)/.test(afterClient(part)))
  return asksRedis && !judges && !exits
}

/** The words after the first redis-cli of a simple command; empty without one. */
function afterClient(command: string): string {
  const [first, ...rest] = command.split(/(?:redis|valkey)-cli\b/)
  return first === command ? '' : rest.join(' ')
}

/** CMP-022 */
export const ambiguousText: Find = function* (facts) {
  for (const { tree } of facts.composes) {
    for (const at of tree.duplicateKeys) {
      yield { at, message: 'this key is given twice: the later one hides the earlier' }
    }
    for (const { scalar } of tree.scalars) {
      if (strayDollar(scalar.text)) {
        yield {
          at: scalar.at,
          message: 'a $ that is no variable: write $$, or Compose replaces or refuses it',
        }
      }
    }
  }
}

/** `$` that Compose cannot read, or a `$name` glued into a word, as in a password. */
function strayDollar(text: string): boolean {
  const rest = text.replaceAll('$$', '')
  return /\$(?![A-Za-z_{])|\$\{(?![A-Za-z_]\w*(?:\}|:?[-?+]))|[A-Za-z0-9]\$[A-Za-z_]\w*(?:[^\w/:.-]|$)/.test(
    rest,
  )
}
