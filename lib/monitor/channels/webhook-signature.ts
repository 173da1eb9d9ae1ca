import { createHmac } from 'node:crypto'
import type { Secret } from '../../settings/secret.js'

export interface SignedMessage {
  readonly id: string
  readonly body: string
  /** Unix milliseconds, of this attempt. */
  readonly now: number
}

/**
 * Headers of Standard Webhooks 1.0 (github.com/standard-webhooks/standard-webhooks, spec, "Signature scheme"):
 * HMAC-SHA256 over `id.timestamp.body` under the bytes behind `whsec_`.
 */
export function signatureHeaders(secret: Secret, { id, body, now }: SignedMessage): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000))
  const key = Buffer.from(secret.reveal().replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  }
}
