import { chooseLogger } from '../lib/log.js'
import { testAlert } from '../lib/monitor/alert.js'
import { ChannelFailure } from '../lib/monitor/channels/channel.js'
import { channelsOf, reachesSomebody } from '../lib/monitor/open-alerts.js'
import { readSettings } from '../lib/settings/read.js'
import { loadEnvironment } from './environment.js'
import { print, QuietFailure, say } from './report.js'

/**
 * Sends one test alert through each channel, one attempt each, and prints how it ended. It needs no Redis.
 *
 * @throws {QuietFailure} where one did not arrive: the exit code is 1
 */
export async function sendTestAlerts(settingsFile: string | undefined): Promise<void> {
  const settings = readSettings({ env: await loadEnvironment(settingsFile) })
  const channels = channelsOf({ settings, logger: chooseLogger(undefined, settings), now: Date.now })
  const alert = testAlert(settings.redis.keyPrefix, Date.now())
  let failed = 0
  for (const channel of channels) {
    try {
      await channel.send(alert, new AbortController().signal)
      print(`${channel.name}: sent to ${channel.target}`)
    } catch (error) {
      failed += 1
      print(`${channel.name}: failed`)
      say(`error: ${channel.name}: ${error instanceof ChannelFailure ? error.message : 'unexpected failure'}`)
    }
  }
  if (!reachesSomebody(settings)) {
    say('hint: alerts go to the log alone; SECURITY_ALERT_EMAIL and SECURITY_ALERT_WEBHOOK reach somebody')
  }
  if (failed > 0) throw new QuietFailure()
}
