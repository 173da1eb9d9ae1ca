#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addAcl } from './acl.js'
import { addAlert } from './alert.js'
import { addBench } from './bench.js'
import { addCerts } from './certs.js'
import { addCheck } from './check.js'
import { addExplain } from './explain.js'
import { addGenerateConfig } from './generate-config.js'
import { addInit } from './init.js'
import { addMigrate } from './migrate.js'
import { addKeys } from './keys.js'
import { EXIT, reportError } from './report.js'
import { addRestore } from './restore.js'
import { addVerify } from './verify.js'

const COMMANDS: readonly ((program: Command) => void)[] = [
  addInit,
  addGenerateConfig,
  addCerts,
  addCheck,
  addExplain,
  addVerify,
  addAlert,
  addKeys,
  addAcl,
  addMigrate,
  addRestore,
  addBench,
]

/** Runs one command line, without the program's own name, and returns the exit code. */
async function run(words: readonly string[]): Promise<number> {
  const program = new Command('secure-cache')
    .description('Hardened Redis configuration, keys and checks for express-secure-cache.')
    .version(version())
    .helpCommand(false)
    .exitOverride()
  for (const add of COMMANDS) add(program)
  for (const command of program.commands.flatMap((entry) => [entry, ...entry.commands]))
    command.copyInheritedSettings(program).showHelpAfterError(usageHint(command))
  program.showHelpAfterError(usageHint(program))
  try {
    await program.parseAsync(words, { from: 'user' })
    return EXIT.fine
  } catch (error) {
    return reportError(error)
  }
}

function usageHint(command: Command): string {
  const name = command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`
  return `hint: ${name} --help`
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url)
  const { version: text } = JSON.parse(readFileSync(file, 'utf8')) as { version: string }
  return text
}

// A reader such as `head` that has seen enough is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

process.exitCode = await run(process.argv.slice(2))
