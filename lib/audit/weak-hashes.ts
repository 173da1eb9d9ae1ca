import { createHash } from 'node:crypto'

import { PUBLISHED } from '../settings/passwords.js'

/** Words that stand in every list of leaked passwords, beside those of documentation and images. */
const LEAKED = `
123456 1234567 12345678 123456789 1234567890 111111 000000 123123 1q2w3e4r abc123 abcd1234 qwerty123
iloveyou monkey dragon football baseball master welcome login princess sunshine shadow passw0rd trustno1
superman hello charlie donald whatever starwars zaq12wsx cache caching session sentinel replica prod
production dev development staging local demo user
`
  .trim()
  .split(/\s+/)
const ENDINGS = ['', '1', '12', '123', '1234', '12345', '!', '1!', '123!', '2023', '2024', '2025', '2026']

/**
 * SHA-256 of what an attacker tries first. Hashes in access lists are unsalted, so one table serves against
 * every user of every server; the same table shows us who would fall.
 */
export function weakHashes(userNames: Iterable<string>): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const add = (word: string, why: string): void => {
    for (const form of new Set([word, word.toLowerCase(), capitalised(word), word.toUpperCase()])) {
      for (const ending of ENDINGS) found.set(sha256(form + ending), why)
    }
  }
  for (const word of [...PUBLISHED, ...LEAKED]) add(word, 'a published or leaked password')
  for (const name of userNames) if (name.length <= 64) add(name, 'the user name')
  found.set(sha256(''), 'empty')
  return found
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}
