import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { after, before, describe, it } from 'mocha'
import { ConfigError } from '../../../lib/errors.js'
import type { SecureCacheOptions } from '../../../lib/interface.js'
import { readSettings, type ReadInput } from '../../../lib/settings/read.js'
import { SETTINGS, VARIABLE_NAMES, type VariableName } from '../../../lib/settings/table.js'
import { COMPLETE } from '../../support/settings-cases.js'

const CANARY = 'c4naryV4lue'

/** Every way in which a text may be close to what some validator accepts. */
const SHAPES: readonly string[] = [
  CANARY,
  `${CANARY}\n`,
  `\u001b[31m${CANARY}\u0000`,
  `redis://${CANARY}`,
  `rediss://user:${CANARY}@redis:6379`,
  `rediss://user:${CANARY}/@redis:6379`,
  `rediss://user:%${CANARY}@redis:6379`,
  `rediss://${CANARY}:x@redis/1`,
  `https://hooks.example.com/${CANARY}`,
  `http://hooks.example.com/${CANARY}`,
  `smtps://bob:${CANARY}@mail`,
  `${CANARY}:6379`,
  `${CANARY}:99999`,
  `${CANARY}:`,
  `${CANARY} :`,
  `${CANARY}@example.com`,
  `123${CANARY}`,
  `whsec_${CANARY}`,
  `-----BEGIN CERTIFICATE-----\n${CANARY}\n-----END CERTIFICATE-----`,
  `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----`,
  `pbkdf2-sha256:i=600000:salt=${CANARY}`,
  `${CANARY}${CANARY}${CANARY}`.padEnd(43, 'A').slice(0, 43),
  `aaaa,${CANARY}`,
  `2030-01-01T${CANARY}`,
  `/run/secrets/${CANARY}`,
  CANARY.repeat(500),
]

const hostileText = fc.oneof(
  fc.constantFrom(...SHAPES),
  fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })).map(([a, b]) => `${a}${CANARY}${b}`),
)

/** Everything that a person or a log may get to see of an error. */
function everythingOf(error: unknown): string {
  const facts = inspect(error, { depth: null, showHidden: true, getters: true, maxStringLength: null })
  const stack = error instanceof Error ? `${error.message}${error.stack}${inspect(error.cause)}` : ''
  return `${facts}${stack}${String(error)}${JSON.stringify(error)}`
}

/** Reads, and gives back whatever became visible. */
function visible(input: ReadInput): { readonly error?: ConfigError; readonly text: string } {
  try {
    const settings = readSettings(input)
    return { text: JSON.stringify(settings.warnings) }
  } catch (error) {
    expect(error, everythingOf(error)).to.be.instanceOf(ConfigError)
    return { error: error as ConfigError, text: everythingOf(error) }
  }
}

describe('readSettings with hostile values', () => {
  for (const name of VARIABLE_NAMES) {
    it(`never echoes ${name} @once`, () => {
      fc.assert(
        fc.property(hostileText, (text) => {
          expect(visible({ env: { ...COMPLETE, [name]: text } }).text).to.not.include(CANARY)
          expect(
            visible({ env: { ...COMPLETE, [name]: text, REDIS_DEV_MODE: '1', NODE_ENV: 'test' } }).text,
          ).to.not.include(CANARY)
          expect(visible({ env: { ...COMPLETE, [`${name}_FILE`]: text } }).text).to.not.include(CANARY)
        }),
        { numRuns: 60, examples: SHAPES.map((text) => [text] as [string]) },
      )
    })
  }

  it('never shows a secret in settings that are printed, serialised, inspected or spread', () => {
    for (const name of VARIABLE_NAMES.filter((known) => 'secret' in SETTINGS[known])) {
      for (const text of SHAPES) {
        try {
          const settings = readSettings({
            env: { ...COMPLETE, [name]: text, REDIS_DEV_MODE: '1', NODE_ENV: 'test' },
          })
          const shown = `${inspect(settings, { depth: null, showHidden: true })}${JSON.stringify({ ...settings.redis, settings })}`
          // The host of an address is not a secret; its login is.
          if (name !== 'REDIS_URL' || !text.startsWith(`redis://${CANARY}`))
            expect(shown, name).to.not.include(CANARY)
        } catch (error) {
          expect(error).to.be.instanceOf(ConfigError)
        }
      }
    }
  })

  it('never echoes several at once', () => {
    const names = fc.uniqueArray(fc.constantFrom<VariableName>(...VARIABLE_NAMES), {
      minLength: 2,
      maxLength: 12,
    })
    fc.assert(
      fc.property(names, fc.array(hostileText, { minLength: 12, maxLength: 12 }), (chosen, texts) => {
        const env = Object.fromEntries(chosen.map((name, index) => [name, texts[index]]))
        const { error, text } = visible({ env: { ...COMPLETE, ...env } })
        expect(text).to.not.include(CANARY)
        // One line each, whatever the values contain.
        if (error !== undefined) expect(error.message.split('\n')).to.have.length(error.problems.length + 1)
      }),
      { numRuns: 300 },
    )
  })

  it('never echoes an unknown name or option that is more than a name', () => {
    const { text } = visible({
      env: { ...COMPLETE, [`REDIS_ ${CANARY}\n=${CANARY}`.padEnd(70, '_')]: CANARY },
    })
    expect(text).to.not.include('\n')
    expect(visible({ env: COMPLETE, options: { [`x\n${'y'.repeat(200)}`]: CANARY } }).text).to.not.include(
      CANARY,
    )
  })

  it('never echoes options, of whatever type they are', () => {
    const anything = fc.oneof(
      hostileText,
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true }),
      fc.constant({ toString: () => CANARY, [CANARY]: CANARY }),
    )
    const options = fc.record(
      {
        backend: anything,
        keyPrefix: anything,
        ttl: anything,
        timeoutMs: anything,
        maxValueBytes: anything,
        onFailure: anything,
        logger: anything,
        redis: fc.oneof(
          anything,
          fc.record(
            {
              url: anything,
              host: anything,
              port: anything,
              username: anything,
              password: anything,
              tls: fc.oneof(
                anything,
                fc.record(
                  { ca: anything, cert: anything, key: anything, servername: anything },
                  { requiredKeys: [] },
                ),
              ),
            },
            { requiredKeys: [] },
          ),
        ),
        encryption: fc.oneof(
          anything,
          fc.record(
            { key: anything, acceptedKeys: fc.oneof(anything, fc.array(anything)), passphrase: anything },
            { requiredKeys: [] },
          ),
        ),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(options, (hostile) => {
        const { text } = visible({ env: COMPLETE, options: hostile as SecureCacheOptions })
        // Names of options are echoed, up to 64 characters: they are code. Values never.
        expect(text.replaceAll(/options(?:\.\w+)*\.c4naryV4lue/g, '')).to.not.include(CANARY)
      }),
      { numRuns: 500 },
    )
  })

  describe('in files', () => {
    let folder: string
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'secure-cache-'))
    })
    after(() => rmSync(folder, { recursive: true }))

    it('never echoes the content', () => {
      const path = join(folder, 'value')
      for (const text of SHAPES) {
        writeFileSync(path, text)
        for (const name of VARIABLE_NAMES) {
          expect(
            visible({ env: { ...COMPLETE, [name]: undefined, [`${name}_FILE`]: path } }).text,
            name,
          ).to.not.include(CANARY)
        }
      }
    })
  })
})
