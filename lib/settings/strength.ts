import { labelOf, type Draft } from './draft.js'
import { passwordWeakness } from './passwords.js'
import { Secret } from './secret.js'
import { SETTINGS, VARIABLE_NAMES, type VariableName } from './table.js'

/** A variable or option, and what is odd about it. */
interface Remark {
  readonly variable: string
  readonly message: string
}

/** Passwords that are too short, published or a pattern: problems outside development mode. */
export function weakPasswords(draft: Draft): readonly Remark[] {
  return passwordsOf(draft).flatMap(({ name, secret, part }) => {
    const weakness = passwordWeakness(secret.reveal())
    if (weakness === undefined) return []
    const message = `${part}${weakness}. Generate one: openssl rand -hex 24.`
    return [{ variable: labelOf(draft, name), message }]
  })
}

/** Two users with one password: whoever steals the weaker user's is the other one too (rule AUT-007). */
export function sharedPasswords(draft: Draft): readonly Remark[] {
  const first = new Map<string, VariableName>()
  return passwordsOf(draft).flatMap(({ name, secret }) => {
    const text = secret.reveal()
    const other = first.get(text)
    first.set(text, other ?? name)
    // A URL and the variable of the same login may agree.
    const sameLogin = name === 'REDIS_URL' && (other === 'REDIS_CACHE_PASSWORD' || other === 'REDIS_PASSWORD')
    if (other === undefined || sameLogin) return []
    const message = `the same as ${labelOf(draft, other)}. Give each its own: openssl rand -hex 24.`
    return [{ variable: labelOf(draft, name), message }]
  })
}

interface Password {
  readonly name: VariableName
  readonly secret: Secret
  readonly part: string
}

function passwordsOf({ values }: Draft): readonly Password[] {
  const own = VARIABLE_NAMES.flatMap((name) => {
    const secret = values[name]
    return 'strong' in SETTINGS[name] && secret instanceof Secret ? [{ name, secret, part: '' }] : []
  })
  const inUrl = values.REDIS_URL?.password
  return inUrl === undefined
    ? own
    : [...own, { name: 'REDIS_URL', secret: inUrl, part: 'its password: ' } as const]
}
