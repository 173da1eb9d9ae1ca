import type { Command } from 'commander'
import type { CertificateFacts } from '../generators/index.js'
import { DEFAULT_OUT, withOutputOptions, type OutputOptions } from './output-options.js'
import { QuietFailure, print, say } from './report.js'
import { UsageError } from './usage-error.js'

interface ShowOptions {
  readonly out: string
  readonly json?: boolean | undefined
}

interface RenewOptions extends OutputOptions {
  readonly all?: boolean | undefined
}

/** `secure-cache certs`: what the certificates say, and new ones under the same authority. */
export function addCerts(program: Command): void {
  const certs = program.command('certs').description('look at the certificates of the output, or renew them')
  certs
    .command('show')
    .description(
      'expiry, names, fingerprint, chain and key of each certificate; exit code 1 where one is unusable',
    )
    .option('-o, --out <folder>', 'folder of the output', DEFAULT_OUT)
    .option('--json', 'print JSON')
    .action((options: ShowOptions) => show(options))
  const renew = certs
    .command('renew')
    .description('issue anew what ends in less than 30 days; authority and passwords stay')
  withOutputOptions(renew)
    .option('--all', 'issue every certificate anew, those still valid too')
    .action(async (options: RenewOptions) => {
      const { loadEnvironment } = await import('./environment.js')
      const { generateAndReport } = await import('./generated-output.js')
      const { all, ...rest } = options
      await generateAndReport(await loadEnvironment(options.settings), { ...rest, renewCertificates: all })
      say('restart the server and the application, so that both use what was issued')
    })
}

async function show({ out, json }: ShowOptions): Promise<void> {
  const { certificatesIn } = await import('../generators/index.js')
  const found = await certificatesIn(out, Date.now()).catch(() => [])
  if (found.length === 0) {
    throw new UsageError(
      'there are no certificates in this folder',
      'secure-cache generate-config makes them',
    )
  }
  print(json === true ? JSON.stringify(found, null, 2) : found.map(inLines).join('\n\n'))
  if (found.some((facts) => faultsOf(facts).length > 0)) throw new QuietFailure()
}

const FAULTS: readonly (readonly [name: string, has: (facts: CertificateFacts) => boolean])[] = [
  ['has ended', ({ daysLeft }) => daysLeft < 0],
  ['is not signed by operator/ca.crt', ({ chain }) => !chain],
  ['does not belong to its key', ({ keyFits }) => keyFits === false],
]

function faultsOf(facts: CertificateFacts): readonly string[] {
  return FAULTS.filter(([, has]) => has(facts)).map(([name]) => name)
}

function inLines(facts: CertificateFacts): string {
  const faults = faultsOf(facts)
  return [
    facts.path,
    `  subject      ${facts.subject}`,
    ...(facts.names.length === 0 ? [] : [`  names        ${facts.names.join(', ')}`]),
    `  ends         ${facts.validTo} (${facts.daysLeft} days)`,
    `  fingerprint  ${facts.fingerprint}`,
    `  state        ${faults.length === 0 ? 'fine' : faults.join('; ')}`,
  ].join('\n')
}
