import { expect } from 'chai'
import { describe, it } from 'mocha'
import {
  endOfSupport,
  firstSafeRelease,
  nameRelease,
  parseRelease,
  VULNERABILITIES,
  vulnerabilitiesOf,
  type ServerRelease,
} from '../../lib/audit/server-releases.js'
import { parseServerVersion, RELEASES } from '../../lib/redis/versions.js'

const NOW = new Date('2026-11-24')

function release(name: string): ServerRelease {
  const [, product, tag = name] = /^(valkey)-(.*)$/.exec(name) ?? []
  const parsed = parseRelease(product === 'valkey' ? 'valkey' : 'redis', tag)
  if (parsed === undefined) throw new Error(`no release: ${name}`)
  return parsed
}
const idsOf = (name: string): readonly string[] =>
  vulnerabilitiesOf(release(name)).flatMap(({ ids }) => ids.slice(0, 1))

describe('the table of releases', () => {
  it('reads tags that name a branch, and no others', () => {
    expect(parseRelease('redis', '7.2.4-alpine3.20')).to.deep.equal({
      product: 'redis',
      major: 7,
      minor: 2,
      patch: 4,
    })
    expect(parseRelease('redis', '8.2')).to.deep.equal({
      product: 'redis',
      major: 8,
      minor: 2,
      patch: undefined,
    })
    for (const tag of ['7', 'latest', 'alpine', '', '7.x', '7.2.4.1', '99999.1']) {
      expect(parseRelease('redis', tag), tag).to.equal(undefined)
    }
    expect(nameRelease(release('valkey-8.1.9'))).to.equal('Valkey 8.1.9')
  })

  for (const [name, ids] of Object.entries({
    '6.2.15': ['CVE-2025-49844', 'CVE-2026-81934', 'CVE-2025-21605', 'CVE-2024-31228'],
    '6.2.20': ['CVE-2026-81934'],
    '6.2.24': [],
    '7.0.15': ['CVE-2025-49844', 'CVE-2026-81934', 'CVE-2025-21605', 'CVE-2024-31228'],
    '7.0': ['CVE-2025-49844', 'CVE-2026-81934', 'CVE-2025-21605', 'CVE-2024-31228'],
    '7.2': [],
    '7.2.11': ['CVE-2026-81934', 'CVE-2026-23479'],
    '7.2.16': [],
    '7.4.0': ['CVE-2025-49844', 'CVE-2026-81934', 'CVE-2026-23479', 'CVE-2025-21605', 'CVE-2024-31228'],
    '7.4.6': ['CVE-2026-81934', 'CVE-2026-23479'],
    '8.0.6': ['CVE-2026-81934', 'CVE-2026-23479'],
    '8.2.2': ['CVE-2026-81934', 'CVE-2026-23479'],
    '8.6.3': ['CVE-2026-81934'],
    '8.12.0': [],
    'valkey-8.1.3': ['CVE-2025-49844', 'CVE-2026-23479'],
    'valkey-8.1.9': [],
    'valkey-9.1.0': [],
  })) {
    it(`knows what ${name} suffers from`, () => {
      expect(idsOf(name)).to.deep.equal(ids)
    })
  }

  it('names the first release of a branch that has none of it', () => {
    const branches = ['6.2', '7.0', '7.2', '7.4', '8.0', '8.2', 'valkey-8.1']
    expect(branches.map((name) => firstSafeRelease(release(name)))).to.deep.equal([
      '6.2.24',
      undefined,
      '7.2.16',
      '7.4.11',
      undefined,
      '8.2.9',
      '8.1.7',
    ])
  })

  it('knows when a branch ended, and when it will', () => {
    expect(['5.0', '6.0', '6.2', '7.0', '8.0'].map((name) => endOfSupport(release(name), NOW))).to.deep.equal(
      ['years ago', '2022-05-31', undefined, '2024-07-29', '2026-02-11'],
    )
    expect(endOfSupport(release('8.0'), new Date('2026-01-01'))).to.equal(undefined)
    expect(endOfSupport(release('valkey-8.0'), NOW)).to.equal(undefined)
  })

  it('gives a source for every vulnerability', () => {
    for (const { ids, source, fixed } of VULNERABILITIES) {
      expect(source).to.match(/^https:\/\//)
      for (const id of ids) expect(id).to.match(/^CVE-\d{4}-\d{4,}$/)
      expect(fixed.map((text) => parseServerVersion(text))).not.to.include(undefined)
    }
  })

  for (const { version, image, maintained } of RELEASES) {
    it(`agrees with the image that the generator writes for ${version}`, () => {
      const product = version.startsWith('valkey') ? 'valkey' : 'redis'
      const written = parseRelease(product, image.split(':')[1] ?? '')
      expect(written?.patch).to.be.a('number')
      const fine =
        written !== undefined &&
        vulnerabilitiesOf(written).length === 0 &&
        endOfSupport(written, NOW) === undefined
      expect(fine).to.equal(maintained)
    })
  }
})
