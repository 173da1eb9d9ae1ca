import { expect } from 'chai'
import { parse } from 'jsonc-parser'
import { describe, it } from 'mocha'
import { snippetsFile } from '../../../generators/vscode/snippets.js'
import { SETTINGS, VARIABLE_NAMES } from '../../../lib/settings/table.js'

interface Snippet {
  readonly scope: string
  readonly prefix: string
  readonly body: string
  readonly description: string
}

/** What the editor inserts where somebody presses Tab through: the first choice, or what there is to begin with. */
const inserted = ({ body }: Snippet): string =>
  body
    .replace(/\$\{1\|((?:[^,|\\]|\\.)*).*\|\}$/, '$1')
    .replace(/\$\{1:((?:[^}\\]|\\.)*)\}$/, '$1')
    .replace(/\$1$/, '')
    .replaceAll(/\\(.)/g, '$1')

describe('snippets for .env files @once', () => {
  const snippets = parse(snippetsFile('npx secure-cache generate-config').text) as Record<string, Snippet>

  it('offer every setting with its explanation, and secrets as files first', () => {
    for (const name of VARIABLE_NAMES) {
      expect(snippets[name], name).to.include({ scope: 'dotenv', prefix: name })
      expect(snippets[name]?.description, name).to.include(SETTINGS[name].meaning)
    }
    const names = Object.keys(snippets)
    expect(names.indexOf('REDIS_TLS_KEY_FILE')).to.equal(names.indexOf('REDIS_TLS_KEY') - 1)
  })

  it('insert a line that the setting takes, or one without a value', () => {
    for (const [name, snippet] of Object.entries(snippets)) {
      const [written, value = ''] = inserted(snippet).split(/=(.*)/s)
      expect(written).to.equal(name)
      if (value === '') continue
      const row = SETTINGS[name as keyof typeof SETTINGS]
      expect(() => row.validator.parse(value), `${name}=${value}`).not.to.throw()
    }
  })

  it('refuse a command that would end their first line', () => {
    expect(() => snippetsFile('generate-config\n}')).to.throw('comment')
  })
})
