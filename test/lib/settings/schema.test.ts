import { Ajv } from 'ajv'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { settingsHelp, settingsSchema } from '../../../lib/settings/schema.js'
import { SETTINGS, VARIABLE_NAMES } from '../../../lib/settings/table.js'

const validate = new Ajv({ strict: false }).compile(settingsSchema())
const accepts = (settings: Readonly<Record<string, unknown>>): boolean => validate(settings)

describe('the schema of the settings', () => {
  it('knows every variable, by itself and as the name of a file, with its explanation', () => {
    const { properties } = settingsSchema() as { properties: Record<string, { description: string }> }
    for (const name of VARIABLE_NAMES) {
      expect(properties[name]?.description, name).to.include(SETTINGS[name].meaning)
      expect(properties[`${name}_FILE`]?.description, name).to.include(name)
    }
  })

  it('accepts every example of the table, and every word in any case', () => {
    for (const name of VARIABLE_NAMES) {
      const { example, validator } = SETTINGS[name]
      expect(accepts({ [name]: example }), name).to.equal(true)
      for (const word of validator.words ?? []) {
        for (const written of [word, word.toUpperCase(), ` ${word} `]) {
          expect(() => validator.parse(written), `${name}=${written}`).not.to.throw()
          expect(accepts({ [name]: written }), `${name}=${written}`).to.equal(true)
        }
      }
    }
  })

  it('refuses words that no variable takes, misspelt names, other kinds, and a value given twice', () => {
    expect(accepts({ REDIS_TLS_PROFILE: 'modren' })).to.equal(false)
    expect(accepts({ REDIS_DEV_MODE: 'flase' })).to.equal(false)
    expect(accepts({ REDIS_HOTS: 'redis' })).to.equal(false)
    expect(accepts({ REDIS_PORT: 6379 })).to.equal(false)
    expect(accepts({ REDIS_PASSWORD: 'x', REDIS_PASSWORD_FILE: 'y' })).to.equal(false)
    expect(accepts({ PATH: '/bin', NODE_ENV: 'production', REDIS_PASSWORD_FILE: 'y' })).to.equal(true)
  })

  it('offers no value for a secret', () => {
    for (const { name, example, inFile } of settingsHelp()) {
      if (!('secret' in SETTINGS[name as keyof typeof SETTINGS])) continue
      expect(example, name).to.equal(undefined)
      expect(inFile, name).to.equal(true)
    }
  })
})
