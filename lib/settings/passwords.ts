/**
 * Passwords that stand in documentation, examples and images, of the sixteen characters and more that the
 * length rule would let pass; shorter ones besides, for the warning in development mode. Compared without
 * case, punctuation and digits at the end, so that `Change-Me-Please-2024!` is found too.
 */
export const PUBLISHED: ReadonlySet<string> = new Set([
  'admin',
  'adminadmin',
  'administrator',
  'adminpassword',
  'bitnami',
  'changeit',
  'changeme',
  'changemeplease',
  'changemeinproduction',
  'changethis',
  'changethispassword',
  'changethispasswordinproduction',
  'changethistoasecurepassword',
  'changethistoastrongpassword',
  'correcthorsebatterystaple',
  'default',
  'defaultpassword',
  'devpassword',
  'eyvx7ewvmmxkpcdmwmtykvge8old2t81',
  'enteryourpasswordhere',
  'examplepassword',
  'foobared',
  'generated',
  'guest',
  'letmein',
  'mypassword',
  'myredispassword',
  'mysecretpassword',
  'mysecretredispassword',
  'mystrongpassword',
  'mysupersecretpassword',
  'myverysecurepassword',
  'p4ssw0rd',
  'pass',
  'password',
  'passwordpassword',
  'placeholderpassword',
  'productionpassword',
  'qwerty',
  'qwertyuiop',
  'qwertyuiopasdfgh',
  'qwertyuiopasdfghjkl',
  'redis',
  'redisadminpassword',
  'rediscachepassword',
  'redispass',
  'redispassword',
  'redisredisredis',
  'redissecretpassword',
  'redissecurepassword',
  'redisstrongpassword',
  'replacemewithastrongpassword',
  'replacewithastrongpassword',
  'replacewithsecurepassword',
  'replacewithstrongpassword',
  'root',
  'secret',
  'secretpassword',
  'secretredispassword',
  'securepassword',
  'securepasswordhere',
  'secureredispassword',
  'securerandompassword',
  'somesecurepassword',
  'strongpassword',
  'strongpasswordhere',
  'strongredispassword',
  'supersecret',
  'supersecretpassword',
  'supersecretredispassword',
  'supersecurepassword',
  'test',
  'testpassword',
  'thisisasecret',
  'thisisasecretpassword',
  'usestrongpasswordhere',
  'verysecretpassword',
  'verysecurepassword',
  'verystrongpassword',
  'yourpassword',
  'yourpasswordhere',
  'yourredispassword',
  'yourredispasswordhere',
  'yoursecretpassword',
  'yoursecurepassword',
  'yoursecurepasswordhere',
  'yoursecureredispassword',
  'yourstrongpassword',
  'yourstrongpasswordhere',
  'yourstrongredispassword',
  'yoursupersecretpassword',
  'yourverysecurepassword',
  'yourverysecurepasswordhere',
  'yourverystrongpassword',
  'yourverystrongpasswordhere',
])

/** Everything that a person types without looking: runs along the keyboard, the alphabet, the digits. */
const RUNS = ['abcdefghijklmnopqrstuvwxyz', '0123456789012345678901234567890123456789', '0123456789abcdef']

export const MIN_PASSWORD_LENGTH = 16

/** What is wrong with a password, without a part of it; `undefined` where nothing is. */
export function passwordWeakness(password: string): string | undefined {
  const length = [...password].length
  if (length < MIN_PASSWORD_LENGTH)
    return `expected at least ${MIN_PASSWORD_LENGTH} characters, got ${length}`
  if (isPublished(password))
    return 'expected a password of your own, got one that is published in documentation'
  if (isPattern(password)) return 'expected a random password, got a repeated or ascending pattern'
  return undefined
}

/** True for a password that anyone can look up. */
export function isPublished(password: string): boolean {
  const letters = password.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  return PUBLISHED.has(letters) || PUBLISHED.has(letters.replace(/(?<!\d)\d+$/, ''))
}

function isPattern(password: string): boolean {
  const text = password.toLowerCase()
  const period = periodOf(text)
  if (text.length % period === 0 && period <= text.length / 2) return true
  return RUNS.some((run) => run.includes(text) || [...run].toReversed().join('').includes(text))
}

/** The shortest shift at which a text meets itself (Knuth, Morris, Pratt): linear also where it almost does. */
function periodOf(text: string): number {
  const borders = [0]
  for (let end = 1, border = 0; end < text.length; end++) {
    while (border > 0 && text[border] !== text[end]) border = borders[border - 1] ?? 0
    if (text[border] === text[end]) border++
    borders.push(border)
  }
  return text.length - (borders.at(-1) ?? 0)
}
