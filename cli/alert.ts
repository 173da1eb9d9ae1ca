import type { Command } from 'commander'
import { chooseLogger } from '../lib/log.js'
import { testAlert } from '../lib/monitor/alert.js'
import { ChannelFailure } from '../lib/monitor/channels/channel.js'
import { channelsOf, reachesSomebody } from '../lib/monitor/open-alerts.js'
import { readSettings } from '../lib/settings/read.js'
import { loadEnvironment } from './environment.js'
import { DEFAULT_SETTINGS_FILE } from './output-options.js'
import { print, QuietFailure, say } from './report.js'

/** `secure-cache alert`: the ways by which somebody is told. */
export function addAlert(program: Command): void {
  const alert = program.command('alert').description('the channels that alerts are sent through')
  alert
    .command('test')
    .description('send a test alert through each channel that the settings name')
    .option(
      '--settings <file>',
      `environment file with the settings (default: ${DEFAULT_SETTINGS_FILE} where there is one)`,
    )
    .action(({ settings }: { settings?: string | undefined }) => sendTestAlerts(settings))
}

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
