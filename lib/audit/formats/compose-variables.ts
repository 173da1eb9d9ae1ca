/** A variable in a text of a Compose file: `$NAME`, `${NAME}`, `${NAME:-default}` and its like. */
export interface ComposeVariable {
  readonly name: string
  /** `:-`, `-`, `:?`, `?`, `:+`, `+`; empty for a plain variable. */
  readonly operator: string
  /** What follows the operator, as written. */
  readonly given: string
}

export interface FilledText {
  /** With defaults in the place of their variables, and nothing where there is none. */
  readonly text: string
  /** A variable has no default: the file alone does not tell. */
  readonly open: boolean
  /** Inner ones before those that hold them. */
  readonly variables: readonly ComposeVariable[]
}

/** A `${…` that is not closed yet. */
interface Frame {
  readonly start: number
  readonly name: string
  readonly operator: string
  readonly bodyStart: number
  body: string
}

const BRACED = /\$\{(\w+)(:?[-?+])?/y
const PLAIN = /\$(\w+)/y

/**
 * Fills in the variables of a text as Compose does (compose-spec, interpolation), defaults inside defaults
 * included. One pass over the text, whatever it opens and never closes. `$$` is a dollar, and stays as written.
 */
export function fillVariables(text: string): FilledText {
  const variables: ComposeVariable[] = []
  const frames: Frame[] = []
  let open = false
  let filled = ''
  const add = (part: string): void => {
    const frame = frames.at(-1)
    if (frame === undefined) filled += part
    else frame.body += part
  }
  let p = 0
  while (p < text.length) {
    const next = nextSign(text, p, frames.length > 0)
    add(text.slice(p, next))
    p = next
    if (p >= text.length) break
    if (text.startsWith('$$', p)) {
      add('$$')
      p += 2
      continue
    }
    const frame = frames.at(-1)
    if (text[p] === '}' && frame !== undefined) {
      frames.pop()
      const { name, operator, body, bodyStart } = frame
      variables.push({ name, operator, given: text.slice(bodyStart, p) })
      const hasDefault = operator.endsWith('-')
      open ||= !hasDefault
      add(hasDefault ? body : '')
      p++
      continue
    }
    const opened = matchAt(BRACED, text, p)
    if (opened !== undefined) {
      const bodyStart = p + opened[0].length
      frames.push({ start: p, name: opened[1] ?? '', operator: opened[2] ?? '', bodyStart, body: '' })
      p = bodyStart
      continue
    }
    const plain = matchAt(PLAIN, text, p)
    if (plain === undefined) add(text.charAt(p++))
    else {
      variables.push({ name: plain[1] ?? '', operator: '', given: '' })
      open = true
      p += plain[0].length
    }
  }
  // What is never closed is text.
  const unclosed = frames.map(({ start, bodyStart, body }) => text.slice(start, bodyStart) + body)
  return { text: [filled, ...unclosed].join(''), open, variables }
}

function nextSign(text: string, from: number, inside: boolean): number {
  const sign = inside ? /[$}]/g : /\$/g
  sign.lastIndex = from
  return sign.exec(text)?.index ?? text.length
}

function matchAt(pattern: RegExp, text: string, index: number): RegExpExecArray | undefined {
  pattern.lastIndex = index
  return pattern.exec(text) ?? undefined
}
