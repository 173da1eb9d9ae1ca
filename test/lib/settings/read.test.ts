import { expect } from 'chai'
import { describe, it } from 'mocha'
import { readSettings } from '../../../lib/settings/read.js'

describe('readSettings', () => {
  it('needs nothing for the memory backend outside production', () => {
    const settings = readSettings({ env: { NODE_ENV: 'test' }, options: { backend: 'memory' } })
    expect(settings.backend).to.equal('memory')
    expect(settings.warnings).to.deep.equal([])
  })
})
