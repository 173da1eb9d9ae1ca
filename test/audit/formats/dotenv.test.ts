import { expect } from 'chai'
import { parse } from 'dotenv'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import { parseEnvFile } from '../../../lib/audit/formats/dotenv.js'
import { decodeSource } from '../../../lib/audit/formats/source-text.js'

const read = (text: string) => parseEnvFile(decodeSource('.env', Buffer.from(text))).variables
const valuesOf = (text: string): Record<string, string> =>
  Object.fromEntries(read(text).map(({ name, value }) => [name, value]))

describe('environment files', () => {
  it('hold the names and values that dotenv sees', () => {
    const part = fc.constantFrom(
      'A',
      'B_2',
      'c.d',
      '=',
      '= ',
      ': ',
      ' = ',
      'export ',
      '\n',
      '\n\n',
      '#',
      ' # note',
      ' ',
      '\t',
      '"',
      "'",
      '`',
      'word',
      '\\n',
      '\\"',
      "\\'",
      '$x',
      'é',
      ':',
      '-',
      '\r\n',
    )
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 16 }).map((parts) => parts.join('')),
        (text) => {
          expect(valuesOf(text)).to.deep.equal({ ...parse(text) })
        },
      ),
      { numRuns: 5000 },
    )
  })

  it('have a place for each name and each value', () => {
    const variables = read('\n# first\nexport A = "x\ny" # why\n  B=2\nC=\n')
    expect(
      variables.map(({ name, at, valueAt }) => [name, at.line, at.column, valueAt.line, valueAt.column]),
    ).to.deep.equal([
      ['A', 3, 8, 3, 12],
      ['B', 5, 3, 5, 5],
      ['C', 6, 1, 6, 2],
    ])
  })

  it('are read in a moment, however many blank lines they have', () => {
    const started = performance.now()
    expect(read(`${'\n'.repeat(250_000)}A=1`)).to.have.length(1)
    expect(read(`A="${'\\"x\n'.repeat(50_000)}`)).to.have.length(1)
    expect(read('k'.repeat(250_000))).to.deep.equal([])
    expect(performance.now() - started).to.be.below(5000)
  })
})
