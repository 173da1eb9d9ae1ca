import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import { bytes, flag, integer, memory, timeToLive } from '../../../lib/settings/numbers.js'
import { Refusal } from '../../../lib/settings/validator.js'

describe('flag', () => {
  for (const text of ['true', 'TRUE', 'True', 'yes', 'YES', 'on', '1', ' true ', 'true\n']) {
    it(`takes ${JSON.stringify(text)} for true`, () => expect(flag.parse(text)).to.equal(true))
  }
  for (const text of ['false', 'FALSE', 'no', 'off', '0']) {
    it(`takes ${JSON.stringify(text)} for false`, () => expect(flag.parse(text)).to.equal(false))
  }
  for (const text of ['flase', 'y', 'n', 't', '2', '-1', '00', 'true false', 'enabled', 'null', ' ']) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(() => flag.parse(text)).to.throw(Refusal))
  }
})

describe('integer', () => {
  const port = integer({ from: 1, to: 65_535 })

  for (const [text, number] of [
    ['1', 1],
    ['65535', 65_535],
    [' 6379 ', 6379],
    ['0080', 80],
  ] as const) {
    it(`reads ${JSON.stringify(text)}`, () => expect(port.parse(text)).to.equal(number))
  }
  for (const text of [
    '0',
    '65536',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x10',
    '12abc',
    'Infinity',
    'NaN',
    '1_000',
    '1,000',
    '１',
    '',
    ' ',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => port.parse(text)).to.throw(Refusal, 'expected a whole number from 1 to 65535')
    })
  }

  it('reads back every number of its range and nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_535 }), (number) => port.parse(String(number)) === number),
    )
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^\s*\d+\s*$/.test(text))
        expect(() => port.parse(text)).to.throw(Refusal)
      }),
    )
  })
})

describe('bytes', () => {
  const size = bytes({ from: 128, to: 2 ** 40 })

  for (const [text, number] of [
    ['1048576', 1_048_576],
    ['512kb', 524_288],
    ['512k', 512_000],
    ['1mb', 1_048_576],
    ['1MB', 1_048_576],
    ['1 MiB', 1_048_576],
    ['1m', 1_000_000],
    ['2gb', 2_147_483_648],
    ['2g', 2_000_000_000],
    ['500b', 500],
  ] as const) {
    it(`reads ${text}`, () => expect(size.parse(text)).to.equal(number))
  }
  for (const text of ['127', '0', '-1', '1tb', 'mb', '1.5mb', '1e6', '1 m b', '1constructor', '2000gb', '']) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(() => size.parse(text)).to.throw(Refusal))
  }
})

describe('memory', () => {
  for (const [text, wanted] of [
    ['256mb', { text: '256mb', bytes: 268_435_456 }],
    ['2 GB', { text: '2gb', bytes: 2_147_483_648 }],
    ['64MiB', { text: '64mb', bytes: 67_108_864 }],
    ['8000000', { text: '8000000', bytes: 8_000_000 }],
  ] as const) {
    it(`writes ${text} as redis.conf does`, () => expect(memory.parse(text)).to.deep.equal(wanted))
  }
  for (const text of ['0', '1mb', '10%', '256mb\nrequirepass x', '256mb # x', '"256mb"', '']) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(() => memory.parse(text)).to.throw(Refusal))
  }
})

describe('timeToLive', () => {
  for (const [text, seconds] of [
    ['3600', 3600],
    ['0.5', 0.5],
    ['90s', 90],
    ['15m', 900],
    ['2h', 7200],
    ['7d', 604_800],
    ['NONE', null],
  ] as const) {
    it(`reads ${text}`, () => expect(timeToLive.parse(text)).to.deep.equal({ seconds }))
  }
  for (const text of ['0', '-1', '0s', 'never', 'null', '1w', '1e3', '3651d', 'Infinity', '']) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(() => timeToLive.parse(text)).to.throw(Refusal))
  }
})
