import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { rulesDocument } from '../../lib/audit/rules-document.js'
import { RULES } from '../../lib/audit/rules.js'

const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'rules.md'), 'utf8')

describe('docs/rules.md', () => {
  it('is what npm run docs:generate writes', () => {
    expect(page).to.equal(rulesDocument())
  })

  it('has a section for every rule', () => {
    const documented = [...page.matchAll(/^### ([A-Z]{3}-\d{3}): /gm)].map(([, id]) => id)
    expect(documented).to.have.members(RULES.map(({ id }) => id))
  })
})

describe('the catalogue', () => {
  it('says of every rule why, how, what to do, where to read, and where the evidence lies', () => {
    for (const { id, title, why, exploit, remedy, reference, files, live } of RULES) {
      for (const text of [title, why, exploit, remedy]) expect(text, id).to.match(/^\S.{4,}$/)
      expect(reference, id).not.to.have.length(0)
      for (const address of reference) expect(address, id).to.match(/^https:\/\/\S+$/)
      expect(files ?? live, id).not.to.equal(undefined)
    }
  })

  it('has no two rules of one title or one reason', () => {
    for (const texts of [RULES.map(({ title }) => title), RULES.map(({ exploit }) => exploit)]) {
      expect(new Set(texts).size).to.equal(texts.length)
    }
  })

  it('judges files by every rule that looks at any', () => {
    for (const { id, files } of RULES) {
      if (files !== undefined) expect(files.find, id).to.be.a('function')
    }
  })
})
