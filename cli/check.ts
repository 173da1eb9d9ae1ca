import { Option, type Command } from 'commander'
import { DEFAULT_OUT } from './output-options.js'

const FORMATS = ['text', 'json', 'sarif'] as const

export interface CheckOptions {
  readonly format: (typeof FORMATS)[number]
  readonly redisVersion?: string | undefined
}

/** `secure-cache check`: the file rules, without a server. */
export function addCheck(program: Command): void {
  program
    .command('check')
    .description(
      'look for weaknesses in environment files, redis.conf, users.acl, certificates and Compose files',
    )
    .argument('[folder]', `folder to check (default: ${DEFAULT_OUT} and .env, or here)`)
    .addOption(new Option('-f, --format <format>', 'how to print findings').choices(FORMATS).default('text'))
    .option('--redis-version <version>', 'server that the files are for, such as 7.2 or valkey-8.1')
    .action(async (folder: string | undefined, options: CheckOptions) => {
      const { check } = await import('./folder-check.js')
      await check(folder, options)
    })
}
