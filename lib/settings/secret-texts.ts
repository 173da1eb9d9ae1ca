import { createPrivateKey, X509Certificate } from 'node:crypto'
import { Secret } from './secret.js'
import { refuse, type Validator } from './validator.js'

/**
 * Length and well-known defaults are judged later (password-rules.ts): development mode is more lenient.
 * A control character is nearly always a line break that slipped in.
 */
export const password: Validator<Secret> = {
  expected: 'at least 16 characters',
  parse: (text) => {
    if (/[\p{Cc}\p{Cs}]/u.test(text))
      return refuse('expected text without control characters (a line break inside?)')
    // Whoever reads it back from a file drops the mark, and would log in with another password.
    return text.startsWith('\uFEFF')
      ? refuse('expected text that does not begin with a byte-order mark')
      : new Secret(text)
  },
}

export const longToken: Validator<Secret> = {
  expected: 'at least 32 characters',
  parse: (text) => {
    // It travels in an HTTP header: RFC 9110, 5.5.
    if (!/^[\x21-\x7e]*$/.test(text)) return refuse('expected visible ASCII characters alone, without spaces')
    return text.length >= 32
      ? new Secret(text)
      : refuse(`expected at least 32 characters, got ${text.length}`)
  },
}

/** Standard Webhooks: `whsec_` and the base64 of 24 to 64 bytes. */
export const webhookSecret: Validator<Secret> = {
  expected: 'whsec_ followed by the base64 of 24 to 64 random bytes',
  parse: (text) => {
    const [, encoded = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text.trim()) ?? []
    const bytes = Buffer.from(encoded, 'base64')
    const canonical = bytes.toString('base64') === encoded
    return canonical && bytes.length >= 24 && bytes.length <= 64
      ? new Secret(text.trim())
      : refuse(`expected ${webhookSecret.expected}`)
  },
}

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** One or more certificates as PEM text. */
export const certificates: Validator<string> = {
  expected:
    'PEM text that begins with -----BEGIN CERTIFICATE-----; for a path set the variable with _FILE at its end',
  parse: (text) => {
    const pem = unfolded(text)
    const blocks = pem.match(CERTIFICATES) ?? []
    let parsed = 0
    try {
      parsed = blocks.map((block) => new X509Certificate(block)).length
    } catch {
      return refuse('expected PEM certificates; at least one is damaged')
    }
    return parsed > 0 ? pem : refuse(`expected ${certificates.expected}`)
  },
}

export const privateKey: Validator<Secret> = {
  expected:
    'PEM text that begins with -----BEGIN PRIVATE KEY-----; for a path set the variable with _FILE at its end',
  parse: (text) => {
    const pem = unfolded(text)
    if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) return refuse(`expected ${privateKey.expected}`)
    if (/ENCRYPTED/.test(pem)) return refuse('expected a private key without a passphrase')
    try {
      createPrivateKey(pem)
    } catch {
      return refuse('expected a PEM private key; this one is damaged or of an unknown kind')
    }
    return new Secret(pem)
  },
}

/** Environment files often hold PEM on one line, with `\n` written out. */
function unfolded(text: string): string {
  return text.includes('\n') ? text : text.replaceAll(String.raw`\n`, '\n')
}
