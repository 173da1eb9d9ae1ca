import { expect } from 'chai'
import { describe, it } from 'mocha'
import { SETTINGS, VARIABLE_NAMES } from '../../../lib/settings/table.js'
import { GROUPS } from '../../../lib/settings/variable.js'

/** Names are promises: adding one is a decision, losing one breaks somebody's deployment. */
const PROMISED = [
  'CACHE_BACKEND',
  'REDIS_URL',
  'REDIS_HOST',
  'REDIS_PORT',
  'REDIS_PASSWORD',
  'REDIS_CACHE_USERNAME',
  'REDIS_CACHE_PASSWORD',
  'REDIS_HEALTH_PASSWORD',
  'REDIS_MONITOR_PASSWORD',
  'REDIS_MAINTENANCE_PASSWORD',
  'REDIS_AUDITOR_PASSWORD',
  'REDIS_OPERATOR_PASSWORD',
  'REDIS_REPLICA_PASSWORD',
  'REDIS_SENTINEL_PASSWORD',
  'REDIS_TLS_ENABLED',
  'REDIS_TLS_CA',
  'REDIS_TLS_CERT',
  'REDIS_TLS_KEY',
  'REDIS_TLS_SERVERNAME',
  'REDIS_TLS_PROFILE',
  'REDIS_ENCRYPTION_KEY',
  'REDIS_ENCRYPTION_ACCEPTED_KEYS',
  'REDIS_ENCRYPTION_PASSPHRASE',
  'REDIS_SENTINELS',
  'REDIS_SENTINEL_NAME',
  'REDIS_CLUSTER_NODES',
  'REDIS_KEY_PREFIX',
  'REDIS_DEV_MODE',
  'REDIS_PROTECTED_MODE',
  'REDIS_BIND_ADDRESS',
  'REDIS_MAX_MEMORY',
  'REDIS_VERSION',
  'REDIS_TOPOLOGY',
  'REDIS_PROFILE',
  'REDIS_EXTRA_ROLES',
  'REDIS_SESSIONS_PASSWORD',
  'REDIS_SESSIONS_PREFIX',
  'REDIS_RATE_LIMIT_PASSWORD',
  'REDIS_RATE_LIMIT_PREFIX',
  'REDIS_QUEUE_PASSWORD',
  'REDIS_QUEUE_PREFIX',
  'CACHE_TTL',
  'CACHE_TIMEOUT_MS',
  'CACHE_CONNECT_TIMEOUT_MS',
  'CACHE_MAX_VALUE_BYTES',
  'CACHE_MEMORY_MAX_BYTES',
  'CACHE_READ_MODE',
  'CACHE_READ_MODE_UNTIL',
  'CACHE_LEGACY_PREFIXES',
  'CACHE_KEY_NAMES',
  'CACHE_KEY_NAMES_SECRET',
  'SECURITY_STATUS_TOKEN',
  'SECURITY_ALERT_EMAIL',
  'SECURITY_SMTP_URL',
  'SECURITY_ALERT_WEBHOOK',
  'SECURITY_ALERT_WEBHOOK_SECRET',
  'SECURITY_ALERT_WEBHOOK_ALLOW_PRIVATE',
  'SECURITY_AUTH_FAILURES_PER_HOUR',
  'SECURITY_ENCRYPTION_ERRORS_PER_HOUR',
  'SECURITY_CONNECTION_FAILURES_PER_HOUR',
  'SECURITY_EVENT_BUFFER',
  'SECURITY_WATCH_INTERVAL',
  'REDIS_UNSAFE_NO_PASSWORD',
  'REDIS_UNSAFE_NO_TLS',
  'REDIS_UNSAFE_NO_CERTIFICATE_CHECK',
  'CACHE_UNSAFE_NO_ENCRYPTION',
  'CACHE_UNSAFE_MEMORY',
]

describe('the table of settings', () => {
  it('holds exactly the variables that are promised', () => {
    expect(VARIABLE_NAMES).to.have.members(PROMISED)
  })

  it('hides every password, key, token, secret and address that may hold one', () => {
    const hidden = VARIABLE_NAMES.filter((name) => 'secret' in SETTINGS[name])
    const wanted = VARIABLE_NAMES.filter(
      (name) =>
        /PASSWORD|PASSPHRASE|_SECRET$|_TOKEN$|ENCRYPTION_KEY|ACCEPTED_KEYS|TLS_KEY|_URL$|WEBHOOK$/.test(
          name,
        ) && !name.includes('UNSAFE'),
    )
    expect(hidden).to.have.members(wanted)
  })

  it('judges the strength of every password and passphrase', () => {
    const judged = VARIABLE_NAMES.filter((name) => 'strong' in SETTINGS[name])
    const wanted = VARIABLE_NAMES.filter(
      (name) => /_(?:PASSWORD|PASSPHRASE)$/.test(name) && !name.includes('UNSAFE'),
    )
    expect(judged).to.have.members(wanted)
  })

  it('warns of every way round the protection, and of nothing else, by its mere use', () => {
    const insecure = VARIABLE_NAMES.filter((name) => 'insecure' in SETTINGS[name])
    expect(insecure).to.have.members(VARIABLE_NAMES.filter((name) => name.includes('_UNSAFE_')))
  })

  for (const name of VARIABLE_NAMES) {
    it(`explains ${name}: meaning, example, remedy, group, accepted form`, () => {
      const row = SETTINGS[name]
      expect(row.meaning).to.match(/^.{10,}[.)]$/s)
      expect(row.remedy).to.match(/^[A-Z].*\.$/)
      expect(row.validator.expected).to.match(/^\S.{3,}/)
      expect(row.group).to.be.oneOf(Object.keys(GROUPS))
      if ('file' in row || row.example.startsWith('<')) return
      expect(() => row.validator.parse(row.example)).to.not.throw()
    })

    it(`has no default for ${name} that its own validator would refuse`, () => {
      const row = SETTINGS[name]
      if (row.default === undefined || typeof row.default === 'object') return
      expect(row.validator.parse(String(row.default))).to.equal(row.default)
    })
  }

  it('accepts no placeholder of an example as a secret', () => {
    for (const name of VARIABLE_NAMES) {
      const row = SETTINGS[name]
      if (!row.example.startsWith('<') || 'strong' in row) continue
      expect(() => row.validator.parse(row.example), name).to.throw()
    }
  })
})
