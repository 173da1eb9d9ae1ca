import { Option, type Command } from 'commander'

export const DEFAULT_OUT = 'secure-redis'
/** Where settings are looked for when nothing else is said. */
export const DEFAULT_SETTINGS_FILE = '.env'

/** Where a command takes its settings from: `command.option(...SETTINGS_OPTION)`. */
export const SETTINGS_OPTION = [
  '--settings <file>',
  `environment file with the settings (default: ${DEFAULT_SETTINGS_FILE} where there is one)`,
] as const

/** What every command that writes the configuration takes. */
export interface OutputOptions {
  readonly out: string
  readonly target: 'container' | 'local'
  readonly settings?: string | undefined
  /** Whether files of an editor are written, into the working directory. */
  readonly vscode: boolean
}

/**
 * Adds `--out`, `--target` and `--settings`. The last is not called `--env-file`: Node 20 reads that option
 * itself, also where it stands behind the program's name.
 */
export function withOutputOptions(command: Command): Command {
  return command
    .option('-o, --out <folder>', 'folder to write into', DEFAULT_OUT)
    .addOption(
      new Option('-t, --target <where>', 'where the server runs')
        .choices(['container', 'local'])
        .default('container'),
    )
    .option(...SETTINGS_OPTION)
    .option('--no-vscode', 'write no files for VS Code (.vscode, .devcontainer) into the working directory')
}
