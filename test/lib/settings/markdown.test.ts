import { expect } from 'chai'
import { describe, it } from 'mocha'
import { prose, table } from '../../../lib/settings/markdown.js'

describe('markdown', () => {
  it('aligns a table as prettier does', () => {
    expect(table(['a', 'long'], [['xyz', '1|2']])).to.equal('| a   | long |\n| --- | ---- |\n| xyz | 1\\|2 |')
  })

  it('writes names of settings as code and nothing as HTML', () => {
    expect(prose('REDIS_HOST and NODE_ENV, <b>, *x*, REDIS_DEV_MODE=true.')).to.equal(
      '`REDIS_HOST` and `NODE_ENV`, \\<b>, \\*x\\*, `REDIS_DEV_MODE=true`.',
    )
  })
})
