import { expect } from 'chai'
import { describe, it } from 'mocha'
import { decodeSource } from '../../../lib/audit/formats/source-text.js'
import { parseYaml, textsOf, under, type YamlTree } from '../../../lib/audit/formats/yaml-tree.js'

const read = (text: string): YamlTree => parseYaml(decodeSource('compose.yml', Buffer.from(text)))

function quick<T>(act: () => T): T {
  const started = performance.now()
  const result = act()
  expect(performance.now() - started).to.be.below(5000)
  return result
}

describe('YAML', () => {
  it('has a place for every node', () => {
    const { root } = read('a:\n  b: [x, "y"]\n')
    expect(textsOf(under(root, 'a', 'b')).map(({ text, at }) => [text, at.line, at.column])).to.deep.equal([
      ['x', 2, 7],
      ['y', 2, 10],
    ])
  })

  it('resolves aliases and merge keys, the own key before the merged one', () => {
    const { root, duplicateKeys } = read(
      'a: &a { x: 1, y: 2 }\nb: &b { y: 3, z: 4 }\nc: { <<: [*a, *b], x: 9 }\nd: *a\n',
    )
    const texts = ['x', 'y', 'z'].map((key) => textsOf(under(root, 'c', key))[0]?.text)
    expect(texts).to.deep.equal(['9', '2', '4'])
    expect(textsOf(under(root, 'd', 'y'))[0]?.text).to.equal('2')
    expect(duplicateKeys).to.deep.equal([])
  })

  it('finds a key that is given twice', () => {
    const { duplicateKeys } = read('a: 1\nb: 2\na: 3\n')
    expect(duplicateKeys).to.deep.equal([{ file: 'compose.yml', line: 3, column: 1 }])
  })

  it('survives a bomb of aliases', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 60; i++)
      lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`)
    const tree = quick(() => read(lines.join('\n')))
    expect(tree.problems.map(({ message }) => message)).to.deep.equal([
      'not checked from here on: aliases stand for more than in any real file',
    ])
    expect(tree.scalars).to.have.length(10)
  })

  it('survives a bomb of merge keys', () => {
    const keys = Array.from({ length: 500 }, (_, i) => `k${i}: ${i}`).join(', ')
    const lines = [`a0: &a0 { ${keys} }`]
    for (let i = 1; i < 3000; i++) lines.push(`a${i}: &a${i} { <<: [*a${i - 1}, *a0] }`)
    quick(() => read(lines.join('\n')))
  })

  it('survives an alias to what holds it', () => {
    const { root } = read('a: &a { b: *a, c: 1 }\n')
    expect(textsOf(under(root, 'a', 'c'))[0]?.text).to.equal('1')
    expect(under(root, 'a', 'b', 'c')).to.equal(undefined)
  })

  for (const [how, text] of Object.entries({
    brackets: '['.repeat(100_000),
    braces: '{a: '.repeat(50_000),
    indentation: Array.from({ length: 600 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
    dashes: '- '.repeat(100_000),
    'keys within keys': '? '.repeat(100_000),
  })) {
    it(`refuses nesting by ${how} instead of following it`, () => {
      const { problems } = quick(() => read(text))
      expect(problems).not.to.have.length(0)
    })
  }

  it('says where it is no YAML, without repeating the text', () => {
    const { problems } = read('password: hunter2\n  bad: indentation: here\n"unclosed\n')
    expect(problems).not.to.have.length(0)
    expect(JSON.stringify(problems)).not.to.match(/hunter2|unclosed/)
  })
})
