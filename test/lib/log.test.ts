import { randomBytes } from 'node:crypto'
import { Writable } from 'node:stream'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { EVENT_LOG } from '../../lib/event-log.js'
import { EVENT_SEVERITY, SecurityEvents } from '../../lib/events.js'
import type { Logger } from '../../lib/interface.js'
import { createLogger, logEvents, redacting } from '../../lib/log.js'
import { readSettings } from '../../lib/settings/read.js'
import { Secret } from '../../lib/settings/secret.js'

const PASSWORD = 'canary-Password-7781'
const AT = Date.UTC(2030, 0, 2, 3, 4, 5)

/** A stream that keeps what is written. */
function capture(): { stream: Writable; written: () => string } {
  const chunks: string[] = []
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: unknown, _encoding, done) {
      chunks.push(String(chunk))
      done()
    },
  })
  return { stream, written: () => chunks.join('') }
}

function settingsFor(environment: string) {
  return readSettings({
    env: {
      NODE_ENV: environment,
      REDIS_CACHE_PASSWORD: PASSWORD,
      REDIS_ENCRYPTION_KEY: randomBytes(32).toString('hex'),
    },
  })
}

function loggerFor(environment: string) {
  const { stream, written } = capture()
  return { logger: createLogger(settingsFor(environment), { stream, now: () => AT }), written }
}

describe('createLogger', () => {
  it('writes one JSON line in production, with the field names of ECS', () => {
    const { logger, written } = loggerFor('production')
    logger.warn('Redis is away', { 'error.code': 'ERR_REDIS_REFUSED', count: 2 })
    expect(written().endsWith('\n')).to.equal(true)
    expect(JSON.parse(written())).to.deep.equal({
      '@timestamp': '2030-01-02T03:04:05.000Z',
      'log.level': 'warn',
      message: 'Redis is away',
      'error.code': 'ERR_REDIS_REFUSED',
      count: 2,
    })
  })

  it('writes a readable line elsewhere', () => {
    const { logger, written } = loggerFor('development')
    logger.error('Redis is away', { 'error.code': 'ERR_REDIS_REFUSED', reason: 'two words' })
    expect(written().trimEnd()).to.equal(
      '2030-01-02T03:04:05.000Z error Redis is away | error.code=ERR_REDIS_REFUSED reason="two words"',
    )
  })

  for (const environment of ['production', 'development']) {
    it(`keeps the secrets of the settings out of message and fields (${environment})`, () => {
      const { logger, written } = loggerFor(environment)
      logger.info(`login with ${PASSWORD}`, { note: PASSWORD, [PASSWORD]: 1, list: [{ deep: PASSWORD }] })
      expect(written()).to.include('[secret]')
      expect(written()).to.not.include(PASSWORD)
    })

    it(`writes one line whatever a message and its fields contain (${environment})`, () => {
      const { logger, written } = loggerFor(environment)
      logger.info('a\nb\r\n\u001b[2J', { name: 'x\n2030 error forged', 'odd\nname': 'y' })
      expect(written().trimEnd()).to.not.match(/[\r\n]|\p{Cc}/u)
      expect(written().split('\n')).to.have.length(2)
    })

    it(`lets no field pass for level, time or message (${environment})`, () => {
      const { logger, written } = loggerFor(environment)
      logger.info('real', { level: 'error', message: 'forged', '@timestamp': 'never', 'log.level': 'error' })
      const [line = ''] = written().split('\n')
      if (environment === 'production') {
        expect(JSON.parse(line)).to.include({ 'log.level': 'info', message: 'real' })
        expect(JSON.parse(line)).to.have.property('@timestamp', '2030-01-02T03:04:05.000Z')
      } else {
        expect(line).to.match(/^2030-01-02T03:04:05\.000Z info {2}real \|/)
      }
    })
  }

  it('writes nothing where it is silent, and only errors where asked for them', () => {
    const silent = capture()
    createLogger('silent', silent).error('x')
    expect(silent.written()).to.equal('')

    const errors = capture()
    const logger = createLogger('error', errors)
    logger.info('quiet')
    logger.warn('quiet')
    logger.error('loud')
    expect(errors.written()).to.include('loud').and.not.include('quiet')
  })
})

describe('redacting', () => {
  const lines: unknown[][] = []
  const keep = (...line: unknown[]) => void lines.push(line)
  const own: Logger = { info: keep, warn: keep, error: keep }

  it("guards the application's own logger too", () => {
    redacting(own, [new Secret(PASSWORD)]).warn(`x ${PASSWORD}`, { password: 'y' })
    expect(lines).to.deep.equal([['x [secret]', { password: '[secret]' }]])
  })

  it('never throws where that logger does', () => {
    const broken = () => {
      throw new Error('the disk is full')
    }
    const logger = redacting({ info: broken, warn: broken, error: broken })
    expect(() => logger.error('x', {})).to.not.throw()
  })
})

describe('logEvents', () => {
  it('writes each event as a sentence, at the level of its severity, with names of ECS', () => {
    const { logger, written } = loggerFor('production')
    const events = new SecurityEvents(() => AT)
    const stop = logEvents(events, logger)
    events.emit('auth.failure', {
      errorCode: 'ERR_REDIS_WRONGPASS',
      userName: 'cache_service',
      source: 'own',
    })
    events.emit('tls.failure', { errorCode: 'ERR_TLS_OTHER', message: 'check the certificate' })
    stop()
    events.emit('auth.success', { userName: 'cache_service' })
    expect(
      written()
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).to.deep.equal([
      {
        '@timestamp': '2030-01-02T03:04:05.000Z',
        'log.level': 'warn',
        message: 'Redis refused a login',
        'event.action': 'auth.failure',
        'event.code': 'authn_login_fail',
        'error.code': 'ERR_REDIS_WRONGPASS',
        'user.name': 'cache_service',
        source: 'own',
      },
      {
        '@timestamp': '2030-01-02T03:04:05.000Z',
        'log.level': 'error',
        message: 'TLS with Redis failed',
        'event.action': 'tls.failure',
        'error.code': 'ERR_TLS_OTHER',
        'error.message': 'check the certificate',
      },
    ])
  })

  it('has a sentence of its own for every event', () => {
    expect(Object.keys(EVENT_LOG)).to.have.members(Object.keys(EVENT_SEVERITY))
    const sentences = Object.values(EVENT_LOG).map(({ sentence }) => sentence)
    expect(new Set(sentences).size).to.equal(sentences.length)
  })
})
