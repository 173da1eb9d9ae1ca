import { Option, type Command } from 'commander'
import { shellWord } from '../generators/quoting.js'
import { DEFAULT_ENV_FILE } from './environment.js'

export const DEFAULT_OUT = 'secure-redis'

/** What every command that writes the configuration takes. */
export interface OutputOptions {
  readonly out: string
  readonly target: 'container' | 'local'
  readonly envFile?: string | undefined
}

/** Adds `--out`, `--target` and `--env-file`. */
export function withOutputOptions(command: Command): Command {
  return command
    .option('-o, --out <folder>', 'folder to write into', DEFAULT_OUT)
    .addOption(
      new Option('-t, --target <where>', 'where the server runs')
        .choices(['container', 'local'])
        .default('container'),
    )
    .option(
      '--env-file <file>',
      `environment file with the settings (default: ${DEFAULT_ENV_FILE} where there is one)`,
    )
}

/** The command that writes the same files again, for their headers. */
export function reproducingCommand({ out, target, envFile }: OutputOptions): string {
  const words = ['npx secure-cache generate-config']
  if (out !== DEFAULT_OUT) words.push('--out', shellWord(out))
  if (target !== 'container') words.push('--target', target)
  if (envFile !== undefined && envFile !== DEFAULT_ENV_FILE) words.push('--env-file', shellWord(envFile))
  return words.join(' ')
}
