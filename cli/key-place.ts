import { dirname, join } from 'node:path'
import { parse } from 'dotenv'
import { encryptionKeys } from '../lib/settings/keys.js'
import { Refusal } from '../lib/settings/validator.js'
import { writeVariables } from './environment-lines.js'
import { loadEnvironment, readSettingsFile, type Environment } from './environment.js'
import { DEFAULT_SETTINGS_FILE } from './output-options.js'
import { replaceFile } from './replaced-file.js'
import { UsageError } from './usage-error.js'

const KEY = 'REDIS_ENCRYPTION_KEY'
const ACCEPTED = 'REDIS_ENCRYPTION_ACCEPTED_KEYS'
const ACCEPTED_SYNONYM = 'REDIS_ENCRYPTION_PREVIOUS_KEYS'

/** The keys as they are written: texts, never shown. */
export interface WrittenKeys {
  readonly primary: string
  readonly accepted: readonly string[]
}

interface KeyFile {
  readonly path: string
  /** Where it is not there yet: the one whose readers it gets. */
  readonly beside?: string | undefined
}

/**
 * Where the keys of a deployment are written down: as lines of an environment file, or as files that it names. Keys
 * of the process's own environment can be read here and not changed.
 */
export class KeyPlace {
  readonly #settingsFile: string
  #environment: Environment

  private constructor(settingsFile: string, environment: Environment) {
    this.#settingsFile = settingsFile
    this.#environment = environment
  }

  /** @throws {UsageError} for an environment file that was named and is not there */
  static async open(settingsFile: string | undefined): Promise<KeyPlace> {
    return new KeyPlace(settingsFile ?? DEFAULT_SETTINGS_FILE, await loadEnvironment(settingsFile))
  }

  get environment(): Environment {
    return this.#environment
  }

  /** @throws {UsageError} where there is no key, or its file cannot be read */
  async read(): Promise<WrittenKeys> {
    const primary = await this.#textOf(KEY)
    if (primary === undefined) {
      throw new UsageError(
        `${KEY} is not set`,
        'name the environment file with --settings; secure-cache init makes one',
      )
    }
    const accepted = (await this.#textOf(this.#acceptedName)) ?? ''
    return {
      primary,
      accepted: accepted
        .split(',')
        .map((text) => text.trim())
        .filter((text) => text !== ''),
    }
  }

  /**
   * Writes the keys down. Files are written so that at every moment all keys can be found in them: a reader in
   * between opens what it could open before.
   *
   * @throws {UsageError} where a key comes from the process's environment, and for more keys than there may be: nothing
   *   was written then
   */
  async write(next: WrittenKeys): Promise<void> {
    const present = await this.read()
    const list = this.#acceptedName
    const moved = next.primary !== present.primary
    // First everything may open, then the other key seals, then what has to go goes.
    const all = [...new Set([...next.accepted, ...(moved ? [present.primary, next.primary] : [])])]
    const steps: readonly (readonly [name: string, text: string])[] = [
      ...(moved ? ([[list, all.join(',')]] as const) : []),
      ...(moved ? ([[KEY, next.primary]] as const) : []),
      [list, next.accepted.join(',')],
    ]
    for (const [name, text] of steps) if (name === list) refuseTooMany(text)
    let lines = new Map<string, string>()
    for (const [name, text] of steps) {
      const file = await this.#fileOf(name)
      if (file === undefined) {
        lines.set(name, text)
        continue
      }
      // In their order; lines that follow each other are one write.
      await writeVariables(this.#settingsFile, lines)
      lines = new Map()
      await replaceFile(file.path, `${text}\n`, file.beside)
      if (file.beside === undefined) continue
      // Only now is there something to name.
      await writeVariables(this.#settingsFile, new Map([[`${name}_FILE`, file.path]]))
      this.#environment = { ...this.#environment, [`${name}_FILE`]: file.path }
    }
    await writeVariables(this.#settingsFile, lines)
  }

  get #acceptedName(): string {
    const given = [ACCEPTED_SYNONYM, `${ACCEPTED_SYNONYM}_FILE`].some((name) =>
      isGiven(this.environment[name]),
    )
    return given ? ACCEPTED_SYNONYM : ACCEPTED
  }

  async #textOf(name: string): Promise<string | undefined> {
    const path = this.environment[`${name}_FILE`]
    const text = isGiven(path) ? await readSettingsFile(path) : this.environment[name]
    return isGiven(text) ? text.trim() : undefined
  }

  /** The file that holds the value, or would, beside another one; `undefined` where it is a line of the environment file. */
  async #fileOf(name: string): Promise<KeyFile | undefined> {
    const inFile = parse((await readSettingsFile(this.#settingsFile)) ?? '')
    for (const spelling of [name, `${name}_FILE`]) {
      const value = this.environment[spelling]
      if (!isGiven(value)) continue
      if (spelling === name && inFile[name] !== value) throw ofTheProcess(name)
      return spelling === name ? undefined : { path: value }
    }
    // Beside the key, where that is a file: whoever mounts the one mounts the other.
    const keyFile = this.environment[`${KEY}_FILE`]
    if (!isGiven(keyFile)) return undefined
    return { path: join(dirname(keyFile), 'encryption_accepted_keys'), beside: keyFile }
  }
}

/** Whoever reads the settings would refuse all of them: applications, and this command line too. */
function refuseTooMany(list: string): void {
  try {
    encryptionKeys.parse(list)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new UsageError(
      `nothing was written, for the accepted keys would be refused: ${error.message}`,
      'drop one that nothing needs first, secure-cache keys retire; promoting one takes room for one more meanwhile',
    )
  }
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== ''
}

function ofTheProcess(name: string): UsageError {
  return new UsageError(
    `${name} comes from the environment of this process, where it cannot be changed`,
    'change it where it is set, or run this with --settings and without it in the environment',
  )
}
