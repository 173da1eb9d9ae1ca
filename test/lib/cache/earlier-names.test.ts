import { expect } from 'chai'
import { describe, it } from 'mocha'
import { EarlierNames } from '../../../lib/cache/earlier-names.js'

describe('names of an earlier application @once', () => {
  const names = new EarlierNames({ keyPrefix: 'ai_cache:', prefixes: ['ai_cache:', 'enc:'] })

  it('are its prefixes and the key, beside the own name and the marker', () => {
    expect(names.placeOf('user:1')).to.deep.equal({
      key: 'user:1',
      own: 'ai_cache::user:1',
      marker: 'ai_cache:@legacy:user:1',
      names: ['ai_cache:user:1', 'enc:user:1'],
    })
  })

  it('are never those of this cache itself', () => {
    expect(names.placeOf(':a')?.names).to.deep.equal(['enc::a'])
    expect(names.placeOf('@lock:migration')?.names).to.deep.equal(['enc:@lock:migration'])
    const around = new EarlierNames({ keyPrefix: 'app:cache:', prefixes: ['app:'] })
    expect(around.placeOf('cache::a')).to.equal(undefined)
    expect(around.keyOf('app:cache::a')).to.equal(undefined)
    expect(around.keyOf('app:cache:@legacy:a')).to.equal(undefined)
    expect(around.keyOf('app:other')).to.equal('other')
  })

  it('lead back to the key that they stand for', () => {
    for (const key of ['a', 'user:1', 'é', ' ', '*', 'x'.repeat(1024)]) {
      expect(names.placeOf(key)?.names.map((name) => names.keyOf(name))).to.deep.equal([key, key])
    }
    for (const name of ['ai_cache:', 'enc:', 'other:a', 'enc', `enc:${'x'.repeat(1025)}`, 'enc:\uD800']) {
      expect(names.keyOf(name), name.slice(0, 20)).to.equal(undefined)
    }
  })
})
