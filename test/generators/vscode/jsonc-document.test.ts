import { expect } from 'chai'
import * as fc from 'fast-check'
import { parse } from 'jsonc-parser'
import { describe, it } from 'mocha'
import { JsoncDocument } from '../../../generators/vscode/jsonc-document.js'
import { ConfigError } from '../../../lib/errors.js'

const document = (text: string): JsoncDocument => JsoncDocument.parse('.vscode/tasks.json', text)

function refusal(action: () => unknown): ConfigError {
  try {
    action()
  } catch (error) {
    if (error instanceof ConfigError) return error
  }
  throw new TypeError('expected a ConfigError')
}

/** A file as people write them: comments everywhere, a trailing comma, their own indentation. */
const THEIRS = `// Ours since 2019.
{
    "version": "2.0.0", // do not touch
    "tasks": [
        /* builds */
        {
            "label": "build", // of everything
            "command": "make"
        }, // the end of build
        // { "label": "old" },
    ],
    // "inputs": []
}
`

describe('a document of JSON with comments @once', () => {
  it('gets a new item behind everything that stands in the list, comments included', () => {
    const text = document(THEIRS).withItem(['tasks'], { label: 'check' }).text
    expect(text).to.equal(
      THEIRS.replace(
        '        // { "label": "old" },\n',
        '        // { "label": "old" },\n        {\n            "label": "check"\n        },\n',
      ),
    )
  })

  it('gets a comma where there was none, before the comment of the last item', () => {
    const text = document('{\n  "a": [\n    1 // one\n  ]\n}\n').withItem(['a'], 2).text
    expect(text).to.equal('{\n  "a": [\n    1, // one\n    2\n  ]\n}\n')
  })

  it('stays on one line where it is on one', () => {
    expect(document('{ "a": ["x"] }').withItem(['a'], 'y').text).to.equal('{ "a": ["x", "y"] }')
    expect(document('{ "a": 1 }').withMember([], 'b', 2).text).to.equal('{ "a": 1, "b": 2 }')
  })

  it('makes the lists and objects that are missing', () => {
    expect(document('').withItem(['a'], 1).text).to.equal('{\n  "a": [\n    1\n  ]\n}\n')
    const nested = document('{}\n').withMember(['a', 'b'], 'c', true).text
    expect(parse(nested)).to.deep.equal({ a: { b: { c: true } } })
  })

  it('keeps a file of nothing but comments, and writes below them', () => {
    expect(document('// mine\n').withMember([], 'a', 1).text).to.equal('// mine\n\n{\n  "a": 1\n}\n')
  })

  it('keeps line breaks, tabs and a byte order mark as they are', () => {
    const text = document('\uFEFF{\r\n\t"a": {\r\n\t\t"b": 1\r\n\t}\r\n}\r\n').withMember(
      ['a'],
      'c',
      [2],
    ).text
    expect(text).to.equal(
      '\uFEFF{\r\n\t"a": {\r\n\t\t"b": 1,\r\n\t\t"c": [\r\n\t\t\t2\r\n\t\t]\r\n\t}\r\n}\r\n',
    )
  })

  it('replaces one item and no byte around it', () => {
    const text = document(THEIRS).withItemReplaced(['tasks'], 0, { label: 'build' }).text
    const [before, after] = THEIRS.split(/\{\n {12}"label": "build"[^}]*\}/)
    expect(text).to.equal(`${before}{\n            "label": "build"\n        }${after}`)
  })

  for (const [title, text, place, what] of [
    ['a missing comma', '{\n  "a": 1\n  "b": 2\n}', '3:3', 'comma expected'],
    ['an end too early', '{\n  "tasks": [', '2:13', 'close bracket expected'],
    ['no object', '[1]', '1:1', 'expected an object'],
    ['a single word', '  "a"', '1:3', 'expected an object'],
    ['windows line ends', '{\r\n  "a": nope\r\n}', '2:8', 'invalid symbol'],
    ['a nesting without end', '['.repeat(200_000), '1:1', 'nested too deeply'],
  ] as const) {
    it(`is refused with its place for ${title}`, () => {
      const error = refusal(() => document(text))
      expect(error.code).to.equal('ERR_CONFIG_FILES')
      expect(error.message.split('\n')[1]).to.match(
        new RegExp(String.raw`^\.vscode/tasks\.json:${place}: error: .*${what}`),
      )
    })
  }

  it('is refused where something else stands in the place of a list, an object or a single name', () => {
    const list = refusal(() => document('{\n  "tasks": {}\n}').withItem(['tasks'], 1))
    expect(list.message).to.include('tasks.json:2:12: error: expected a list')
    const object = refusal(() =>
      document('{ "files.exclude": null }').withMember(['files.exclude'], 'a', true),
    )
    expect(object.message).to.include('tasks.json:1:20: error: expected an object')
    const twice = refusal(() => document('{ "tasks": [],\n  "tasks": [] }').withItem(['tasks'], 1))
    expect(twice.message).to.include('tasks.json:2:3: error: a name is given twice')
  })

  it('keeps every comment, every value and their order, whatever the file looks like', () => {
    const space = fc.constantFrom('', ' ', '\n', '\n  ', '\t', ' // "c", ]}\n', '/* {[, */', '\r\n')
    const scalar = fc.constantFrom('1', '"x"', 'true', 'null', '"//, ]"')
    const list = fc
      .tuple(fc.array(fc.tuple(space, scalar, space), { maxLength: 4 }), space, fc.boolean())
      .map(([items, end, comma]) => {
        const inner = items.map(([before, value, after]) => before + value + after).join(',')
        return `[${inner}${comma && items.length > 0 ? ',' : ''}${end}]`
      })
    fc.assert(
      fc.property(space, list, space, list, space, (a, first, b, second, c) => {
        const text = `${a}{${b}"first":${c}${first},${a}"second":${second}${b}}${c}`
        const before = parse(text) as { first: unknown[]; second: unknown[] }
        const edited = document(text)
          .withItem(['first'], { label: 'ours' })
          .withItem(['second'], 'ours')
          .withMember(['deep', 'er'], 'name', 1)
        expect(parse(edited.text, [], { allowTrailingComma: true })).to.deep.equal({
          first: [...before.first, { label: 'ours' }],
          second: [...before.second, 'ours'],
          deep: { er: { name: 1 } },
        })
        expect(commentsOf(edited.text)).to.deep.equal(commentsOf(text))
      }),
    )
  })
})

/** The comments of a text, in their order. */
function commentsOf(text: string): readonly string[] {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|\/\/[^\r\n]*|\/\*[^]*?\*\//g) ?? []
  return tokens.filter((token) => token.startsWith('/'))
}
