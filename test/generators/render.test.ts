import { readFile, readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import Handlebars from 'handlebars'
import { describe, it } from 'mocha'
import { QUOTING } from '../../generators/quoting.js'
import { renderTemplate } from '../../generators/render.js'
import { CAPABILITIES } from '../../lib/redis/versions.js'

const TEMPLATES = new URL('../../../config-templates/', import.meta.url)

async function templates(): Promise<readonly { name: string; source: string }[]> {
  const names = (await readdir(TEMPLATES)).filter((name) => name.endsWith('.hbs'))
  return Promise.all(
    names.map(async (name) => ({
      name,
      source: await readFile(fileURLToPath(new URL(name, TEMPLATES)), 'utf8'),
    })),
  )
}

/** Every `{{…}}` of a template that prints, and the names of its blocks. */
function statementsOf(source: string): { printed: hbs.AST.MustacheStatement[]; blocks: string[] } {
  const printed: hbs.AST.MustacheStatement[] = []
  const blocks: string[] = []
  class Walker extends Handlebars.Visitor {
    override MustacheStatement(statement: hbs.AST.MustacheStatement): void {
      printed.push(statement)
    }
    override BlockStatement(block: hbs.AST.BlockStatement): void {
      blocks.push(block.path.original)
      super.BlockStatement(block)
    }
  }
  new Walker().accept(Handlebars.parse(source))
  return { printed, blocks }
}

describe('templates', () => {
  it('print nothing that did not go through the quoting of its format', async () => {
    for (const { name, source } of await templates()) {
      for (const { path, params, escaped } of statementsOf(source).printed) {
        const helper = (path as hbs.AST.PathExpression).original
        expect(Object.keys(QUOTING), `${name}: ${helper}`).to.include(helper)
        expect(params, `${name}: ${helper}`).to.have.length(1)
        expect(escaped, `${name}: {{{${helper}}}}`).to.equal(true)
      }
    }
  })

  it('know no logic beyond each, if and its opposite', async () => {
    for (const { name, source } of await templates()) {
      for (const block of statementsOf(source).blocks)
        expect(['each', 'if', 'unless'], name).to.include(block)
    }
  })

  it('use in redis.conf, outside comments, the quoting of redis.conf alone', async () => {
    const source = (await templates()).find(({ name }) => name === 'redis.conf.hbs')?.source ?? ''
    for (const line of source.split('\n').filter((text) => !text.startsWith('#'))) {
      for (const [, helper] of line.matchAll(/\{\{([a-z]+) [^}]*\}\}/g)) {
        expect(['redis', 'integer', 'flag', 'each'], line).to.include(helper)
      }
    }
  })

  it('say above each directive of redis.conf why it is there and where Redis explains it', async () => {
    const source = (await templates()).find(({ name }) => name === 'redis.conf.hbs')?.source ?? ''
    const paragraphs = source
      .split(/\n\s*\n/)
      .map((paragraph) => paragraph.split('\n').filter((line) => line !== '' && !/^\{\{[#/e]/.test(line)))
    let directives = 0
    for (const lines of paragraphs) {
      const first = lines.findIndex((line) => /^[a-z]/.test(line))
      if (first === -1) continue
      directives += lines.length - first
      const comments = lines.slice(0, first)
      expect(comments.length, lines.join('\n')).to.be.greaterThan(1)
      for (const comment of comments) expect(comment).to.match(/^# /)
      // The last line of the comment: rules, then a page of the documentation.
      expect(comments.at(-1), lines.join('\n')).to.match(/^# (?:\[[A-Z]{3}-\d{3}\] )*[A-Z][A-Za-z ]+/)
    }
    expect(directives).to.be.greaterThan(40)
  })

  it('write a directive that not every version knows only where the version knows it', async () => {
    const source = (await templates()).find(({ name }) => name === 'redis.conf.hbs')?.source ?? ''
    let depth = 0
    for (const line of source.split('\n')) {
      if (line.startsWith('{{#if knows.')) depth += 1
      else if (line.startsWith('{{/if}}') && depth > 0) depth -= 1
      const gated = CAPABILITIES.find(
        ({ kind, id, since }) => kind === 'directive' && since.redis !== '6.2' && line.startsWith(`${id} `),
      )
      if (gated !== undefined) expect(depth, gated.id).to.equal(1)
    }
  })

  it('refuse a view model that lacks a value, instead of printing nothing', async () => {
    const error: unknown = await renderTemplate('env.hbs', { host: 'redis' }).catch(
      (reason: unknown) => reason,
    )
    expect(error).to.be.instanceOf(Error)
  })
})
