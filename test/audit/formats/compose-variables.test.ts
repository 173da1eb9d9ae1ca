import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import { fillVariables } from '../../../lib/audit/formats/compose-variables.js'

const filled = (text: string): readonly [string, boolean] => {
  const { text: result, open } = fillVariables(text)
  return [result, open]
}

describe('variables of Compose', () => {
  it('are filled with their defaults, those inside defaults too', () => {
    expect(filled('redis:${TAG:-7.2}')).to.deep.equal(['redis:7.2', false])
    expect(filled('${A-x}${B:-}')).to.deep.equal(['x', false])
    expect(filled('${A:-${B:-y}}-z')).to.deep.equal(['y-z', false])
  })

  it('without a default leave the text open', () => {
    for (const text of ['$A', '${A}', '${A:?needed}', '${A?}', '${A:+set}', '${A:-${B}}'])
      expect(filled(`x${text}-y`), text).to.deep.equal(['x-y', true])
  })

  it('are no variables where the dollar is doubled, or never closed', () => {
    expect(filled('$$A and $$ {x}')).to.deep.equal(['$$A and $$ {x}', false])
    expect(filled('a}b${A:-c')).to.deep.equal(['a}b${A:-c', false])
    expect(filled('5$ ')).to.deep.equal(['5$ ', false])
  })

  it('are each told with operator and default, inner ones first', () => {
    expect(fillVariables('$X ${P:-${Q:?why}}').variables).to.deep.equal([
      { name: 'X', operator: '', given: '' },
      { name: 'Q', operator: ':?', given: 'why' },
      { name: 'P', operator: ':-', given: '${Q:?why}' },
    ])
  })

  it('leave every text without a dollar as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const plain = text.replaceAll('$', '')
        expect(filled(plain)).to.deep.equal([plain, false])
      }),
    )
  })
})
