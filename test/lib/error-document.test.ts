import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { ERROR_CODES } from '../../lib/error-codes.js'
import { errorDocument } from '../../lib/error-document.js'
import { SETTINGS } from '../../lib/settings/table.js'

const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'errors.md'), 'utf8')

describe('docs/errors.md', () => {
  it('is what npm run docs:generate writes', () => {
    expect(page).to.equal(errorDocument())
  })

  it('lists every code once', () => {
    const documented = [...page.matchAll(/^\| `(ERR_\w+)`/gm)].map(([, code]) => code)
    expect(documented).to.have.members(Object.keys(ERROR_CODES))
  })

  it('gives each code a cause and a remedy of its own', () => {
    const rows = Object.values(ERROR_CODES)
    expect(rows.length).to.be.greaterThan(30)
    expect(new Set(rows.map(({ cause }) => cause)).size).to.equal(rows.length)
    for (const { cause, remedy } of rows) expect([cause, remedy].join()).to.match(/^.{8,},.{4,}$/s)
  })

  it('names no setting that does not exist', () => {
    const named = [...page.matchAll(/\b(?:REDIS|CACHE|SECURITY)_[A-Z_]+\b/g)].map(([name]) => name)
    const settings = named.filter((name) => !page.includes(`ERR_${name}`))
    expect(settings.length).to.be.greaterThan(5)
    for (const name of settings) expect(Object.keys(SETTINGS)).to.include(name)
  })
})
