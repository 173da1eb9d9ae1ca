import type { SecurityEvents } from '../events.js'
import type { Logger } from '../interface.js'
import { createRedactor, secretsOf } from '../redact.js'
import type { StoreConnection } from '../redis/route.js'
import type { Settings } from '../settings/settings.js'
import { LOCAL_CLAIMS, SharedClaims } from './alert-claims.js'
import { redisCli, serverReach } from './checks/commands.js'
import { AlertDelivery } from './alert-delivery.js'
import { Alerts } from './alerts.js'
import type { AlertChannel } from './channels/channel.js'
import { emailChannel } from './channels/email.js'
import { logChannel } from './channels/log.js'
import { webhookChannel } from './channels/webhook.js'
import type { SealedPlace } from './sealed-place.js'
import type { EventMonitor } from './security-monitor.js'

export interface OpenAlertsOptions {
  readonly settings: Settings
  /** The redacting one. */
  readonly logger: Logger
  readonly events: SecurityEvents
  readonly monitor: EventMonitor
  /** The cache's own connection; absent on memory. */
  readonly connection: StoreConnection | undefined
  readonly place: (namespace: '@alert') => SealedPlace
  /** Unix milliseconds. */
  readonly now: () => number
}

/** The alerts of one cache, over the channels that its settings name. */
export function openAlerts(options: OpenAlertsOptions): Alerts {
  const { settings, logger, events, monitor, connection, place, now } = options
  return new Alerts({
    events,
    monitor,
    thresholds: settings.security,
    delivery: new AlertDelivery({ channels: channelsOf({ settings, logger, now }), events }),
    claims: connection === undefined ? LOCAL_CLAIMS : new SharedClaims(place('@alert'), connection),
    keyPrefix: settings.redis.keyPrefix,
    cli: (person, command) =>
      redisCli({ server: connection && serverReach(connection, settings) }, person, command),
    hide: createRedactor(secretsOf(settings)).hide,
    now,
  })
}

/** The log always; the others where they are configured. */
export function channelsOf({
  settings,
  logger,
  now,
}: Pick<OpenAlertsOptions, 'settings' | 'logger' | 'now'>): readonly AlertChannel[] {
  const { alertEmail: to, smtpUrl: server } = settings.security
  const { alertWebhook: url, alertWebhookSecret: secret, alertWebhookAllowPrivate } = settings.security
  const channels = [logChannel(logger)]
  if (to !== undefined && server !== undefined) {
    channels.push(emailChannel({ to, server, requireTls: !LOCAL.has(settings.environment) }))
  }
  if (url !== undefined && secret !== undefined) {
    channels.push(webhookChannel({ url, secret, allowPrivate: alertWebhookAllowPrivate, now }))
  }
  return channels
}

/** Where a mail server of the developer's own may lack TLS. */
const LOCAL: ReadonlySet<Settings['environment']> = new Set(['development', 'test'])

/** Whether a channel is configured that wakes somebody: a log alone does not. */
export function reachesSomebody({ security }: Settings): boolean {
  return security.alertEmail !== undefined || security.alertWebhook !== undefined
}
