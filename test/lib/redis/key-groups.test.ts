import { expect } from 'chai'
import { describe, it } from 'mocha'
import { keyGroups } from '../../../lib/redis/key-groups.js'

describe('keyGroups', () => {
  it('keeps groups apart and their order within', () => {
    const groupOf = (key: string) => key.length
    expect(keyGroups(['a', 'bb', 'c', 'dd'], { most: 10, groupOf })).to.deep.equal([
      ['a', 'c'],
      ['bb', 'dd'],
    ])
  })

  it('begins a new list where one is full', () => {
    expect(keyGroups([1, 2, 3, 4, 5], { most: 2, groupOf: () => 0 })).to.deep.equal([[1, 2], [3, 4], [5]])
  })
})
