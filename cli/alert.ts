import type { Command } from 'commander'
import { SETTINGS_OPTION } from './output-options.js'

/** `secure-cache alert`: the ways by which somebody is told. */
export function addAlert(program: Command): void {
  const alert = program.command('alert').description('the channels that alerts are sent through')
  alert
    .command('test')
    .description('send a test alert through each channel that the settings name')
    .option(...SETTINGS_OPTION)
    .action(async ({ settings }: { settings?: string | undefined }) => {
      const { sendTestAlerts } = await import('./test-alerts.js')
      await sendTestAlerts(settings)
    })
}
