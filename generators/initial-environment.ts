import { randomBytes } from 'node:crypto'
import { posix, sep } from 'node:path'
import { generatePassword } from './password-set.js'
import { renderTemplate } from './render.js'

const TOKEN_BYTES = 32
const KEY_BYTES = 32

export interface InitialEnvironmentOptions {
  /** Where the application will find Redis. */
  readonly host: string
  readonly port: number
  /** The output folder as the application will name it, relative to its working directory. */
  readonly out: string
  /** More variables and their values, such as REDIS_PROFILE. */
  readonly server?: Readonly<Record<string, string>> | undefined
  /** Random bytes; `node:crypto` where absent. */
  readonly random?: ((size: number) => Buffer) | undefined
}

/**
 * The text of a first environment file for the application: new secrets, and where its certificates will be.
 * The passwords of admin, operator and auditor are not in it: they are the operator's.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID for a host or folder name that environment files cannot hold
 */
export async function initialEnvironment(options: InitialEnvironmentOptions): Promise<string> {
  const { host, port, server = {}, random = randomBytes } = options
  const inApp = (file: string): string => posix.join(options.out.split(sep).join('/'), 'app', file)
  const password = (): string => generatePassword(random).reveal()
  return renderTemplate('env.hbs', {
    host,
    port,
    server: Object.entries(server).map(([name, value]) => ({ name, value })),
    cachePassword: password(),
    monitorPassword: password(),
    maintenancePassword: password(),
    encryptionKey: random(KEY_BYTES).toString('base64url'),
    statusToken: random(TOKEN_BYTES).toString('base64url'),
    caFile: inApp('ca.crt'),
    certFile: inApp('client.crt'),
    keyFile: inApp('client.key'),
  })
}
