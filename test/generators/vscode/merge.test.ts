import { expect } from 'chai'
import { parse } from 'jsonc-parser'
import { describe, it } from 'mocha'
import { JsoncDocument } from '../../../generators/vscode/jsonc-document.js'
import { merge, type Contribution, type Merged, type Parts } from '../../../generators/vscode/merge.js'

const task = (value: Readonly<Record<string, unknown>>): Contribution => ({
  kind: 'entry',
  path: ['tasks'],
  key: 'label',
  value,
})
const CHECK = task({ label: 'check', args: ['check'] })
const NEWER = task({ label: 'check', args: ['check', 'deploy'] })

function merged(
  text: string,
  contributions: readonly Contribution[],
  { remembered = new Map(), force = false }: { remembered?: Parts; force?: boolean } = {},
): Merged {
  return merge(JsoncDocument.parse('tasks.json', text), contributions, { remembered, force })
}

describe('merging into a file of somebody else', () => {
  it('adds what is missing, and nothing the second time', () => {
    const first = merged('{ "tasks": [] }', [CHECK])
    expect(parse(first.document.text)).to.deep.equal({ tasks: [{ label: 'check', args: ['check'] }] })
    const second = merged(first.document.text, [CHECK], { remembered: first.parts })
    expect(second.document.text).to.equal(first.document.text)
    expect(second.parts).to.deep.equal(first.parts)
  })

  it('brings an entry of ours up to date, however it was laid out in between', () => {
    const { parts } = merged('', [CHECK])
    const theirs = '{"tasks":[{"args":["check"],"label":"check"}]}'
    const { document, kept } = merged(theirs, [NEWER], { remembered: parts })
    expect(parse(document.text)).to.deep.equal({ tasks: [{ label: 'check', args: ['check', 'deploy'] }] })
    expect(kept).to.deep.equal([])
  })

  it('leaves an entry that was changed by hand, names it, and replaces it with force', () => {
    const { parts } = merged('', [CHECK])
    const theirs = '{"tasks":[{"label":"check","args":["mine"]}]}'
    const kept = merged(theirs, [NEWER], { remembered: parts })
    expect(kept.document.text).to.equal(theirs)
    expect(kept.kept).to.deep.equal(['check'])
    expect(kept.parts.size).to.equal(0)
    const forced = merged(theirs, [NEWER], { remembered: parts, force: true })
    expect(parse(forced.document.text)).to.deep.equal({ tasks: [NEWER.value] })
  })

  it('never changes a setting that somebody made, not even with force', () => {
    const setting: Contribution = { kind: 'member', path: ['files.exclude'], name: 'operator', value: true }
    const theirs = '{ "files.exclude": { "operator": false } }'
    for (const force of [false, true]) {
      const { document, kept } = merged(theirs, [setting], { force })
      expect(document.text).to.equal(theirs)
      expect(kept).to.deep.equal([])
    }
  })

  it('follows a setting of ours whose value changed', () => {
    const setting = (value: unknown): Contribution => ({ kind: 'member', path: ['a'], name: 'b', value })
    const first = merged('{}', [setting(1)])
    const second = merged(first.document.text, [setting(2)], { remembered: first.parts })
    expect(parse(second.document.text)).to.deep.equal({ a: { b: 2 } })
  })

  it('recommends nothing that is recommended already, or not wanted', () => {
    const item = (value: string): Contribution => ({
      kind: 'item',
      path: ['recommendations'],
      value,
      unless: ['unwantedRecommendations'],
    })
    const theirs = '{ "recommendations": ["a"], "unwantedRecommendations": ["b"] }'
    const { document } = merged(theirs, [item('a'), item('b'), item('c')])
    expect(parse(document.text)).to.deep.equal({
      recommendations: ['a', 'c'],
      unwantedRecommendations: ['b'],
    })
  })
})
