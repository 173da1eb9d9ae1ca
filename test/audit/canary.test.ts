import { inspect } from 'node:util'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { formatJson, formatText } from '../../lib/audit/report.js'
import { formatSarif } from '../../lib/audit/sarif.js'
import { Workshop } from './workshop.js'

/** A secret of its own for each place, so that a failure names the place. */
let planted = 0
const canary = (): string => `canary${String(++planted).padStart(3, '0')}Sx9qLm2Vt7Rw4`

describe('a secret in a file that is checked', () => {
  let workshop: Workshop

  beforeEach(async () => {
    workshop = await Workshop.create()
  })
  afterEach(() => workshop.close())

  const c = canary
  const FILES: Readonly<Record<string, () => string>> = {
    'redis.conf': () =>
      [
        `requirepass ${c()}`,
        `masterauth "${c()}" # ${c()}`,
        `masterauth "${c()}`,
        `tls-key-file-pass '${c()}'${c()}`,
        c(),
        `${c()} ${c()}`,
        `user app on >${c()} ${c()} +${c()} +@${c()} -${c()} (${c()}`,
        `user ${c()}`,
        `requirepas ${c()}`,
        `maxmemory ${c()}`,
        `loadmodule /m.so ${c()}`,
        `rename-command CONFIG ${c()}`,
        `dbfilename ${c()}.so`,
        `notify-keyspace-events ${c()}`,
        `tls-protocols ${c()}`,
        `bind ${c()}`,
      ].join('\n'),
    'sentinel.conf': () => `sentinel auth-pass m ${c()}\nsentinel ${c()}\nrequirepass ${c()}\n`,
    'users.acl': () =>
      [
        `user app on >${c()} <${c()} !${c()} #${c()} ${c()} ~* +@all`,
        `user app on >short1 +${c()} +get|${c()} -select|${c()} +@${c()}`,
        `# ${c()}`,
        `${c()} ${c()}`,
        `user a\t${c()} on`,
        `user b on +get (${c()}`,
        'user c on >password123 ~* +@all -get|x +@read',
      ].join('\n'),
    '.env': () =>
      [
        `REDIS_PASSWORD=${c().slice(0, 12)}`,
        `REDIS_CACHE_PASSWORD="${c()}`,
        `REDIS_ENCRYPTION_KEY=${c()}`,
        `REDIS_URL=redis://user:${c()}@host:abc`,
        `REDIS_PORT=${c()}`,
        `REDIS_TLS_CA=${c()}`,
        `REDIS_HEALTH_PASSWORD_FILE=${c()}`,
        `SECURITY_STATUS_TOKEN=${c()}`,
        `NODE_TLS_REJECT_UNAUTHORIZED=0`,
        c(),
      ].join('\n'),
    'docker-compose.yml': () =>
      [
        'services:',
        '  redis:',
        `    image: redis:${c()}`,
        `    command: redis-server --requirepass ${c()} --user app on >${c()}`,
        '    environment:',
        `      REDIS_PASSWORD: ${c()}`,
        `      OTHER: "\${REDIS_PASSWORD:-${c()}}"`,
        `      DOLLAR: "${c()}$${c()}!"`,
        `      ? ${c()}`,
        `      : 1`,
        '    healthcheck:',
        `      test: ["CMD", "redis-cli", "-a", "${c()}", "ping"]`,
        `    ports: ["${c()}:6379"]`,
        `    volumes: ["/etc/${c()}:/x"]`,
        `    restart: ${c()}`,
        `    user: "root:${c()}"`,
        `  app: { environment: [ "API_TOKEN=${c()}" ], environment: { x: ${c()} } }`,
        `  bad: "${c()}`,
      ].join('\n'),
    'server.key': () => `-----BEGIN PRIVATE KEY-----\n${c()}\n-----END PRIVATE KEY-----\n`,
    'server.crt': () => `-----BEGIN CERTIFICATE-----\n${c()}\n-----END CERTIFICATE-----\n`,
    'secrets/token': c,
  }

  for (const [name, make] of Object.entries(FILES)) {
    it(`of kind ${name} is in no format of the report`, async () => {
      await workshop.write(name, make(), 0o666)
      const report = await workshop.check({ target: { product: 'redis', major: 7, minor: 2 } })
      expect(report.findings.length + report.remarks.length).to.be.greaterThan(0)
      for (const text of [
        formatText(report),
        formatJson(report),
        formatSarif(report),
        inspect(report, { depth: 9 }),
      ]) {
        expect(/canary\d{3}\S*/i.exec(text)?.[0]).to.equal(undefined)
      }
    })
  }
})
