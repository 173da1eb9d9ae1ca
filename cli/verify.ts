import type { Command } from 'commander'
import { SETTINGS_OPTION } from './output-options.js'

export const DEFAULT_RECORD = 'secure-cache-verification.json'

export interface VerifyOptions {
  readonly settings?: string | undefined
  readonly record: string
  readonly json?: boolean | undefined
}

/** `secure-cache verify`: the deployment checklist on a running setup. */
export function addVerify(program: Command): void {
  program
    .command('verify')
    .description('try a running setup, and say line by line whether it may go into operation')
    .option(...SETTINGS_OPTION)
    .option('--record <file>', 'where what was found is written down', DEFAULT_RECORD)
    .option('--json', 'print the lines as JSON')
    .action(async (options: VerifyOptions) => {
      const { verify } = await import('./verification.js')
      await verify(options)
    })
}
