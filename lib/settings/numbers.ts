import { ttlToMs } from '../ttl.js'
import type { Ttl } from '../interface.js'
import { refuse, type Validator } from './validator.js'

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['on', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['off', false],
  ['0', false],
])

/** Strict, so that a misspelt `flase` never counts as true; kind to the ways people write it. */
export const flag: Validator<boolean> = {
  expected: 'true or false (yes, no, on, off, 1, 0 as well)',
  words: [...FLAGS.keys()],
  parse: (text) => FLAGS.get(text.trim().toLowerCase()) ?? refuse(`expected ${flag.expected}`),
}

/** A whole number in decimal digits: no sign, no `0x10`, no `12abc`, no `1e3`. */
export function integer({ from, to }: { readonly from: number; readonly to: number }): Validator<number> {
  const expected = `a whole number from ${from} to ${to}`
  return {
    expected,
    parse: (text) => within({ number: digits(text.trim()), from, to }) ?? refuse(`expected ${expected}`),
  }
}

/**
 * The units of Redis ("1k => 1000 bytes, 1kb => 1024 bytes", redis.conf) and those of IEC 80000-13, which
 * leave no doubt.
 */
const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1000,
  kb: 1024,
  kib: 1024,
  m: 1_000_000,
  mb: 1_048_576,
  mib: 1_048_576,
  g: 1_000_000_000,
  gb: 1_073_741_824,
  gib: 1_073_741_824,
}

/** A number of bytes, with or without a unit. */
export function bytes({ from, to }: { readonly from: number; readonly to: number }): Validator<number> {
  const expected = `a number of bytes from ${from} to ${to}, or with a unit such as 512kb, 64mb`
  return {
    expected,
    parse: (text) => within({ number: byteCount(text), from, to }) ?? refuse(`expected ${expected}`),
  }
}

/** An amount of memory as redis.conf writes it, with its number of bytes. */
export interface Memory {
  readonly text: string
  readonly bytes: number
}

/** `0` is refused: for Redis it means "without a limit" (rule LIM-001). */
export const memory: Validator<Memory> = {
  expected: 'an amount of memory such as 256mb or 2gb, at least 4mb',
  parse: (text) => ({
    text: text
      .trim()
      .toLowerCase()
      .replaceAll(/\s|i(?=b$)/g, ''),
    bytes:
      within({ number: byteCount(text), from: 4_194_304, to: 2 ** 50 }) ??
      refuse(`expected ${memory.expected}`),
  }),
}

/** In an object of its own: envalid takes a bare `null` for a failed validation. */
export interface TimeToLive {
  /** `null` for no expiry. */
  readonly seconds: number | null
}

export const timeToLive: Validator<TimeToLive> = {
  expected: 'seconds above 0 (at most 10 years), or 90s, 15m, 2h, 7d, or none for no expiry',
  parse: (text) => {
    const word = text.trim().toLowerCase()
    if (word === 'none') return { seconds: null }
    try {
      const ms = ttlToMs((/^\d{1,12}(?:\.\d{1,12})?$/.test(word) ? Number(word) : word) as Ttl)
      return { seconds: ms === null ? null : ms / 1000 }
    } catch {
      return refuse(`expected ${timeToLive.expected}`)
    }
  },
}

function byteCount(text: string): number | undefined {
  const [, amount = '', unit = ''] = /^(\d{1,15})\s?([a-z]{0,3})$/.exec(text.trim().toLowerCase()) ?? []
  const factor = Object.hasOwn(BYTE_UNITS, unit) ? BYTE_UNITS[unit] : undefined
  return amount === '' || factor === undefined ? undefined : Number(amount) * factor
}

function digits(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function within(range: { number: number | undefined; from: number; to: number }): number | undefined {
  const { number, from, to } = range
  return number !== undefined && number >= from && number <= to ? number : undefined
}
