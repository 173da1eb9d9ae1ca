import { expect } from 'chai'
import { describe, it } from 'mocha'
import { Workshop } from './workshop.js'

const SERVICE = 'services:\n  redis:\n    image: redis:7.2.16\n'

/** How lines of each kind of file begin that some rule or reader looks into. */
const OPENINGS: Readonly<Record<string, readonly string[]>> = {
  'redis.conf': ['', 'requirepass ', 'dir ', 'user a ', 'include ', 'tls-ciphers ', '# Redis ', 'save '],
  'sentinel.conf': ['sentinel auth-pass '],
  'users.acl': ['', 'user ', 'user a on ~', 'user a on +', 'user a on >', 'user a on &'],
  '.env': ['', 'REDIS_PASSWORD=', 'A="', 'REDIS_URL=', 'REDIS_SENTINELS=', 'REDIS_KEY_PREFIX=', 'export '],
  'docker-compose.yml': [
    '',
    "services:\n  redis:\n    image: '",
    `${SERVICE}    command: 'redis-cli --pass=`,
    `${SERVICE}    healthcheck: {test: 'redis-cli `,
    `${SERVICE}    volumes: ['`,
    `${SERVICE}    ports: ['`,
    `${SERVICE}    environment: ['REDIS_ARGS=`,
    `${SERVICE}    mem_limit: '`,
    `${SERVICE}    security_opt: ["`,
  ],
  'server.crt': ['-----BEGIN CERTIFICATE-----\n', '-----BEGIN '],
  'server.key': ['-----BEGIN PRIVATE KEY-----\n'],
  '.gitignore': ['', '!', '['],
}

const FILLERS: readonly string[] = [
  ' ',
  '\t',
  '\r',
  '\n',
  '1',
  'a ',
  'a\n',
  '"',
  "''",
  '\\',
  '/',
  '-',
  ' -',
  ':',
  '$',
  '${a:-',
  '[',
  ']',
  '(',
  '{',
  '=',
  '*',
  '.',
  ',',
  '|',
  '; ',
  '>a ',
  '+@all ',
  'redis-cli ',
  'valkey',
  '-a a ',
  '&a ',
]

const SMALL = 8000
/** What so small a file may cost whatever its shape: below it a ratio says nothing. */
const FLOOR_MS = 300

/** Milliseconds of processor that a check of every kind of file takes, each of them made of a filler. */
async function costOf(filler: string, size: number): Promise<number> {
  const workshop = await Workshop.create()
  try {
    const run = filler.repeat(Math.ceil(size / filler.length))
    for (const [name, openings] of Object.entries(OPENINGS)) {
      for (const [index, opening] of openings.entries()) {
        await workshop.write(`${index}/${name}`, `${opening}${run}x'`)
      }
    }
    const before = process.cpuUsage()
    await workshop.check()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  } finally {
    await workshop.close()
  }
}

describe('the cost of a check @once', function () {
  // A slow machine measures the same growth, only longer.
  this.timeout(180_000)

  for (const filler of FILLERS) {
    it(`grows with files of ${JSON.stringify(filler)} as their size does`, async () => {
      let small = 0
      let large = Number.POSITIVE_INFINITY
      // Four times the size: four times the time where it is linear, sixteen where it is not.
      for (let attempt = 1; attempt <= 3 && large >= Math.max(FLOOR_MS, 8 * small); attempt++) {
        small = await costOf(filler, SMALL)
        large = await costOf(filler, 4 * SMALL)
      }
      expect(large).to.be.below(Math.max(FLOOR_MS, 8 * small))
    })
  }

  it('does not grow with what many aliases stand for', async () => {
    const workshop = await Workshop.create()
    try {
      const words = Array.from({ length: 40_000 }, () => 'a').join(',')
      const services = Array.from({ length: 4000 }, (_, n) => `  s${n}: {image: redis, command: *c}`)
      await workshop.write('compose.yaml', `x-c: &c [${words}]\nservices:\n${services.join('\n')}\n`)
      const { remarks } = await workshop.check()
      expect(remarks.map(({ message }) => message)).to.deep.equal([
        'not checked from here on: aliases stand for more than in any real file',
      ])
    } finally {
      await workshop.close()
    }
  })

  it('does not grow with the number of users beyond any real one', async () => {
    const workshop = await Workshop.create()
    try {
      const users = Array.from({ length: 12_000 }, (_, n) => `user u${n} on +@all`)
      await workshop.write('users.acl', users.join('\n'))
      const { findings } = await workshop.check()
      expect(findings.filter(({ rule }) => rule === 'ACL-018').map(({ at }) => at.line)).to.deep.equal([1001])
    } finally {
      await workshop.close()
    }
  })
})
