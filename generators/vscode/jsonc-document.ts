import {
  findNodeAtLocation,
  getNodeValue,
  parseTree,
  printParseErrorCode,
  stripComments,
  type Node,
  type ParseError,
} from 'jsonc-parser'
import { ConfigError } from '../../lib/errors.js'

/** Names of members and numbers of items, from the outside in. */
export type JsonPath = readonly (string | number)[]

const BYTE_ORDER_MARK = '\uFEFF'

/**
 * A file of JSON with comments that belongs to somebody else: what is added goes behind what is there, and
 * everything else keeps its bytes, comments, order and indentation included.
 */
export class JsoncDocument {
  readonly name: string
  readonly text: string
  readonly #root: Node

  private constructor(name: string, text: string) {
    this.name = name
    this.text = text
    this.#root = this.#parse()
  }

  /**
   * @param name - the path as messages show it
   * @throws {ConfigError} ERR_CONFIG_FILES with `file:line:column` where the text is broken, or no object
   */
  static parse(name: string, text: string): JsoncDocument {
    return new JsoncDocument(name, hasContent(text) ? text : `${text}${text === '' ? '' : '\n'}{}\n`)
  }

  /** The value at a path; undefined where there is none. */
  value(path: JsonPath): unknown {
    const node = findNodeAtLocation(this.#root, [...path])
    return node === undefined ? undefined : (getNodeValue(node) as unknown)
  }

  /**
   * Sets a member of the object at `path`, behind the others where it is new. Objects on the way are made.
   *
   * @throws {ConfigError} ERR_CONFIG_FILES where something else than an object stands on the way
   */
  withMember(path: JsonPath, name: string, value: unknown): JsoncDocument {
    if (path.length > 0 && this.value(path) === undefined) {
      return this.withMember(path.slice(0, -1), String(path.at(-1)), { [name]: value })
    }
    const object = this.#container(path, 'object')
    const existing = findNodeAtLocation(object, [name])
    if (existing !== undefined) return this.#withReplaced(existing, value)
    return this.#withAppended(object, (indent) => `${JSON.stringify(name)}: ${this.#rendered(value, indent)}`)
  }

  /**
   * Adds to the list at `path`, behind the others. The list is made where it is missing.
   *
   * @throws {ConfigError} ERR_CONFIG_FILES where something else than a list stands there
   */
  withItem(path: JsonPath, value: unknown): JsoncDocument {
    if (this.value(path) === undefined) {
      return this.withMember(path.slice(0, -1), String(path.at(-1)), [value])
    }
    return this.#withAppended(this.#container(path, 'array'), (indent) => this.#rendered(value, indent))
  }

  /** Puts another item in the place of one. */
  withItemReplaced(path: JsonPath, index: number, value: unknown): JsoncDocument {
    const node = this.#container(path, 'array').children?.[index]
    return node === undefined ? this : this.#withReplaced(node, value)
  }

  /** The items of a list; none where there is no list. */
  items(path: JsonPath): readonly unknown[] {
    if (this.value(path) === undefined) return []
    return (this.#container(path, 'array').children ?? []).map((node) => getNodeValue(node) as unknown)
  }

  #parse(): Node {
    const errors: ParseError[] = []
    const root = this.#tree(errors)
    const [error] = errors
    if (error !== undefined) {
      throw this.#problem(error.offset, `not valid JSON with comments (${inWords(error.error)})`)
    }
    if (root?.type !== 'object') throw this.#problem(root?.offset ?? 0, 'expected an object: { … }')
    return root
  }

  #tree(errors: ParseError[]): Node | undefined {
    const mark = this.text.startsWith(BYTE_ORDER_MARK)
    try {
      // A blank in its place keeps every offset.
      return parseTree(mark ? ` ${this.text.slice(1)}` : this.text, errors, { allowTrailingComma: true })
    } catch {
      // The parser is recursive; nothing that an editor reads is as deep as the stack.
      throw this.#problem(0, 'nested too deeply')
    }
  }

  #container(path: JsonPath, type: 'object' | 'array'): Node {
    for (let length = 1; length <= path.length; length += 1) this.#refuseTwice(path.slice(0, length))
    const node = findNodeAtLocation(this.#root, [...path])
    if (node?.type === type) return node
    const expected = type === 'array' ? 'a list: [ … ]' : 'an object: { … }'
    throw this.#problem(node?.offset ?? 0, `expected ${expected}`)
  }

  /** Of two members with one name editors take the last, we would change the first. */
  #refuseTwice(path: JsonPath): void {
    const name = path.at(-1)
    const parent = findNodeAtLocation(this.#root, path.slice(0, -1))
    const same = (parent?.children ?? []).filter(
      ({ type, children }) => type === 'property' && children?.[0]?.value === name,
    )
    const second = same[1]
    if (second !== undefined) throw this.#problem(second.offset, 'a name is given twice')
  }

  #withReplaced(node: Node, value: unknown): JsoncDocument {
    const rendered = this.#rendered(value, this.#indentAt(node.offset))
    return this.#edited(node.offset, node.offset + node.length, rendered)
  }

  #withAppended(container: Node, render: (indent: string) => string): JsoncDocument {
    const { text } = this
    const close = container.offset + container.length - 1
    const last = container.children?.at(-1)
    const from = last === undefined ? container.offset + 1 : last.offset + last.length
    const tail = text.slice(from, close)
    const trailing = last !== undefined && stripComments(tail).includes(',')
    const comma = last === undefined || trailing ? '' : ','
    const outer = this.#indentAt(container.offset)
    const rest = tail.trimEnd()
    const oneLine = !text.slice(container.offset, close).includes('\n') && last !== undefined
    const indent = oneLine || last === undefined ? outer + this.#unit() : this.#indentAt(last.offset)
    const item = render(indent)
    const inserted =
      oneLine && !item.includes('\n')
        ? `${comma}${rest} ${item}${tail.slice(rest.length)}`
        : `${comma}${rest}${this.#lineBreak()}${indent}${item}${trailing ? ',' : ''}${this.#lineBreak()}${outer}`
    return this.#edited(from, close, inserted)
  }

  #edited(from: number, to: number, inserted: string): JsoncDocument {
    return new JsoncDocument(this.name, this.text.slice(0, from) + inserted + this.text.slice(to))
  }

  #rendered(value: unknown, indent: string): string {
    return JSON.stringify(value, null, this.#unit()).replaceAll('\n', this.#lineBreak() + indent)
  }

  /** White space at the beginning of the line. */
  #indentAt(offset: number): string {
    const start = this.text.lastIndexOf('\n', offset - 1) + 1
    return /^[ \t]*/.exec(this.text.slice(start, offset))?.[0] ?? ''
  }

  /** One step of indentation, as the file has it. */
  #unit(): string {
    return /\n([ \t]+)["[{/]/.exec(this.text)?.[1] ?? '  '
  }

  #lineBreak(): string {
    return this.text.includes('\r\n') ? '\r\n' : '\n'
  }

  #problem(offset: number, message: string): ConfigError {
    const before = this.text.slice(0, offset).split('\n')
    const name = `${this.name}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
    return new ConfigError(
      'ERR_CONFIG_FILES',
      `a file of the editor cannot be completed; correct it, or leave the editor out with --no-vscode\n${name}: error: ${message}`,
      [{ name, message }],
    )
  }
}

/** `CommaExpected` as people say it. */
function inWords(code: ParseError['error']): string {
  return printParseErrorCode(code)
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toLowerCase()
}

function hasContent(text: string): boolean {
  return stripComments(text.replace(BYTE_ORDER_MARK, '')).trim() !== ''
}
