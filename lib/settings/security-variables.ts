import { smtpUrl, webhookUrl } from './addresses.js'
import { flag, integer } from './numbers.js'
import { longToken, webhookSecret } from './secret-texts.js'
import { email } from './texts.js'
import { GENERATE_KEY, variable } from './variable.js'

/** A row for an alert threshold: reached, not exceeded. */
function perHour(limit: number, what: string) {
  return variable({
    group: 'status',
    validator: integer({ from: 1, to: 1_000_000 }),
    default: limit,
    meaning: `Alert when this many ${what} happened within an hour.`,
    example: String(limit),
    remedy: `Write a whole number, or remove it for ${limit}.`,
  })
}

/** Status routes, monitoring and alerts. */
export const SECURITY = {
  SECURITY_STATUS_TOKEN: variable({
    group: 'status',
    validator: longToken,
    default: undefined,
    meaning: 'Bearer token for the status routes, at least 32 characters.',
    example: '<generated>',
    remedy: GENERATE_KEY,
    secret: true,
  }),
  SECURITY_ALERT_EMAIL: variable({
    group: 'status',
    validator: email,
    default: undefined,
    meaning: 'Where alerts are mailed to; needs SECURITY_SMTP_URL.',
    example: 'ops@example.com',
    remedy: 'Write one address, such as ops@example.com.',
  }),
  SECURITY_SMTP_URL: variable({
    group: 'status',
    validator: smtpUrl,
    default: undefined,
    meaning: 'Mail server for alerts, with percent-encoded user name and password.',
    example: 'smtps://mail.example.com:465',
    remedy: 'Write smtps://user:password@host:465.',
    secret: true,
  }),
  SECURITY_ALERT_WEBHOOK: variable({
    group: 'status',
    validator: webhookUrl,
    default: undefined,
    meaning: 'Address that receives alerts (Standard Webhooks).',
    example: 'https://alerts.example.com/hook',
    remedy: 'Write the https:// address that receives alerts.',
    secret: true,
  }),
  SECURITY_ALERT_WEBHOOK_SECRET: variable({
    group: 'status',
    validator: webhookSecret,
    default: undefined,
    meaning: 'Signs alerts, so that the receiver can tell them from forged ones.',
    example: '<generated>',
    remedy: 'Generate one: echo "whsec_$(openssl rand -base64 32)".',
    secret: true,
  }),
  SECURITY_ALERT_WEBHOOK_ALLOW_PRIVATE: variable({
    group: 'status',
    validator: flag,
    default: false,
    meaning: 'Whether the webhook may point into a private network.',
    example: 'true',
    remedy: 'Write true or false, or remove it.',
  }),
  SECURITY_AUTH_FAILURES_PER_HOUR: perHour(10, 'failed logins'),
  SECURITY_ENCRYPTION_ERRORS_PER_HOUR: perHour(5, 'values that could not be opened'),
  SECURITY_CONNECTION_FAILURES_PER_HOUR: perHour(20, 'failed connections'),
  SECURITY_EVENT_BUFFER: variable({
    group: 'status',
    validator: integer({ from: 1, to: 100_000 }),
    default: 1000,
    meaning: 'Events kept for the status.',
    example: '1000',
    remedy: 'Write a whole number, or remove it for 1000.',
  }),
  SECURITY_WATCH_INTERVAL: variable({
    group: 'status',
    validator: integer({ from: 1, to: 3600 }),
    default: 30,
    meaning: 'Seconds between two looks at the server.',
    example: '30',
    remedy: 'Write seconds, or remove it for 30.',
  }),
} as const
