import { expect } from 'chai'
import { describe, it } from 'mocha'
import {
  directivesOf,
  memoryBytes,
  parseRedisConf,
  settingOf,
  withIncludes,
  type RedisConf,
} from '../../../lib/audit/formats/redis-conf.js'
import { decodeSource } from '../../../lib/audit/formats/source-text.js'

const read = (text: string, path = 'redis.conf'): RedisConf =>
  parseRedisConf(decodeSource(path, Buffer.from(text)))

describe('redis.conf', () => {
  it('knows its directives in any case, the last one counting, under either name', () => {
    const conf = read('MaxMemory 1gb\r\nmaxmemory "2gb"\nslave-read-only NO\n')
    expect(settingOf(conf, 'maxmemory')).to.equal('2gb')
    expect(settingOf(conf, 'replica-read-only')).to.equal('no')
    expect(conf.directives.map(({ at }) => [at.line, at.column])).to.deep.equal([
      [1, 1],
      [2, 1],
      [3, 1],
    ])
  })

  it('tells a byte-order mark and a NUL byte', () => {
    const conf = parseRedisConf(decodeSource('redis.conf', Buffer.from('\ufeffport 0\nbind a\0b\n')))
    expect(conf.problems.map(({ at }) => [at.line, at.column])).to.deep.equal([
      [1, 1],
      [2, 7],
    ])
  })

  it('is that of Sentinel where it has its directives or its name', () => {
    expect(read('sentinel myid x').kind).to.equal('sentinel')
    expect(read('port 0', 'conf/sentinel-1.conf').kind).to.equal('sentinel')
    expect(read('port 0', 'sentinel/redis.conf').kind).to.equal('server')
  })

  it('takes included files in where they stand, once each and never in a circle', () => {
    const { confs, absent } = withIncludes([
      read('include /etc/redis/part.conf\nport 1\n', 'main.conf'),
      read('port 0\nmaxmemory 1gb\n', 'sub/part.conf'),
      read('include back.conf\n', 'ring.conf'),
      read('include ring.conf\n', 'back.conf'),
    ])
    const [main, part, ring, back] = confs
    expect(absent).to.deep.equal([])
    expect([main, part, ring, back].map((conf) => conf?.fragment)).to.deep.equal([false, true, true, true])
    expect(main && settingOf(main, 'port')).to.equal('1')
    expect(main && settingOf(main, 'maxmemory')).to.equal('1gb')
    expect(main && directivesOf(main, 'maxmemory')[0]?.at.file).to.equal('sub/part.conf')
  })

  it('names the place of an included file that is not there', () => {
    const { absent } = withIncludes([read('port 0\ninclude "/etc/redis/local.conf"\n', 'main.conf')])
    expect(absent).to.deep.equal([{ file: 'main.conf', line: 2, column: 9 }])
  })

  it('copies no more of an included file than any real folder would', () => {
    const large = read('save 1 1\n'.repeat(30_000), 'large.conf')
    const many = Array.from({ length: 20 }, (_, n) => read('include large.conf\n'.repeat(10), `${n}.conf`))
    const { confs } = withIncludes([large, ...many])
    const copied = confs.reduce((sum, { directives }) => sum + directives.length, 0)
    expect(copied).to.be.below(150_000)
  })

  it('takes its version from the first comments alone', () => {
    const notes = Array.from({ length: 9 }, (_, n) => `# note ${n}\n`).join('')
    expect(read(`# Redis 7.2\n${notes}# since Redis 2.6\nport 0\n`).header).to.have.length(5)
  })

  it('reads amounts of memory as the server does', () => {
    expect(['100', '1k', '1kb', '2MB', '1gb', '1g', '5%', '', '-1', '1tb'].map(memoryBytes)).to.deep.equal([
      100,
      1000,
      1024,
      2_097_152,
      1_073_741_824,
      1_000_000_000,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })
})
