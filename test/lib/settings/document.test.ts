import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'dotenv'
import { describe, it } from 'mocha'
import { configurationDocument, envExample } from '../../../lib/settings/document.js'
import { OPTIONS } from '../../../lib/settings/options.js'
import { SETTINGS, VARIABLE_NAMES } from '../../../lib/settings/table.js'
import { KEY, PASSWORD, problems, read } from '../../support/settings-cases.js'

const root = join(import.meta.dirname, '..', '..', '..', '..')
const committed = (path: string) => readFileSync(join(root, path), 'utf8')

describe('docs/configuration.md', () => {
  it('is what npm run docs:generate writes', () => {
    expect(committed('docs/configuration.md')).to.equal(configurationDocument())
  })

  it('explains every variable once, and links every option to one', () => {
    const headings = [...configurationDocument().matchAll(/^### ([A-Z_]+)$/gm)].map(([, name]) => name)
    expect(headings).to.have.members(VARIABLE_NAMES)
    for (const { path, variable } of OPTIONS) {
      expect(configurationDocument()).to.match(
        new RegExp(`\`${path}\` +\\| \\[${variable}\\]\\(#${variable.toLowerCase()}\\)`),
      )
    }
  })
})

describe('.env.example', () => {
  /** Every assignment, the ones in comments as well. */
  const assignments = parse(envExample().replaceAll(/^# (?=[A-Z_]+=)/gm, ''))

  it('is what npm run docs:generate writes', () => {
    expect(committed('.env.example')).to.equal(envExample())
  })

  it('has a line for every variable and no other', () => {
    const names = VARIABLE_NAMES.map((name) => ('file' in SETTINGS[name] ? `${name}_FILE` : name))
    expect(Object.keys(assignments)).to.have.members(names)
  })

  it('holds no secret that somebody could deploy', () => {
    for (const name of VARIABLE_NAMES.filter(
      (known) => 'strong' in SETTINGS[known] || /KEY$|TOKEN$|SECRET$/.test(known),
    )) {
      expect(assignments[name] ?? '', name).to.equal('')
    }
  })

  it('copied as it is asks for the two secrets, and with them it works without a warning', () => {
    const copy = parse(envExample())
    expect(problems({ NODE_ENV: 'production', ...copy }).map(({ name }) => name)).to.deep.equal([
      'REDIS_CACHE_PASSWORD',
      'REDIS_ENCRYPTION_KEY',
    ])
    const filled = {
      ...copy,
      NODE_ENV: 'production',
      REDIS_CACHE_PASSWORD: PASSWORD,
      REDIS_ENCRYPTION_KEY: KEY,
    }
    expect(read(filled).warnings).to.deep.equal([])
  })

  it('shows values that are accepted', () => {
    for (const name of VARIABLE_NAMES) {
      const text = assignments[name]
      if (text === undefined || text === '') continue
      expect(() => SETTINGS[name].validator.parse(text), name).to.not.throw()
    }
  })

  it('keeps its lines short', () => {
    expect(
      Math.max(
        ...envExample()
          .split('\n')
          .map((line) => line.length),
      ),
    ).to.be.at.most(102)
  })
})
