import { dirname, join } from 'node:path'
import { parse } from 'dotenv'
import writeFileAtomic from 'write-file-atomic'
import { writeVariables } from './environment-lines.js'
import { loadEnvironment, readSettingsFile, type Environment } from './environment.js'
import { DEFAULT_SETTINGS_FILE } from './output-options.js'
import { UsageError } from './usage-error.js'

const KEY = 'REDIS_ENCRYPTION_KEY'
const ACCEPTED = 'REDIS_ENCRYPTION_ACCEPTED_KEYS'
const ACCEPTED_SYNONYM = 'REDIS_ENCRYPTION_PREVIOUS_KEYS'

/** The keys as they are written: texts, never shown. */
export interface WrittenKeys {
  readonly primary: string
  readonly accepted: readonly string[]
}

/**
 * Where the keys of a deployment are written down: as lines of an environment file, or as files that it names. Keys
 * of the process's own environment can be read here and not changed.
 */
export class KeyPlace {
  readonly #settingsFile: string
  readonly environment: Environment

  private constructor(settingsFile: string, environment: Environment) {
    this.#settingsFile = settingsFile
    this.environment = environment
  }

  /** @throws {UsageError} for an environment file that was named and is not there */
  static async open(settingsFile: string | undefined): Promise<KeyPlace> {
    return new KeyPlace(settingsFile ?? DEFAULT_SETTINGS_FILE, await loadEnvironment(settingsFile))
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
   * @throws {UsageError} where a key comes from the process's environment
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
    let lines = new Map<string, string>()
    for (const [name, text] of steps) {
      const path = await this.#fileOf(name)
      if (path === undefined) {
        lines.set(name, text)
        continue
      }
      // In their order; lines that follow each other are one write.
      await writeVariables(this.#settingsFile, lines)
      lines = new Map()
      await writeFileAtomic(path, `${text}\n`, { mode: 0o600 })
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

  /** The file that holds the value; `undefined` where it is a line of the environment file. */
  async #fileOf(name: string): Promise<string | undefined> {
    const inFile = parse((await readSettingsFile(this.#settingsFile)) ?? '')
    for (const spelling of [name, `${name}_FILE`]) {
      const value = this.environment[spelling]
      if (!isGiven(value)) continue
      if (spelling === name && inFile[name] !== value) throw ofTheProcess(name)
      return spelling === name ? undefined : value
    }
    // Beside the key, where that is a file: whoever mounts the one mounts the other.
    const keyFile = this.environment[`${KEY}_FILE`]
    if (!isGiven(keyFile)) return undefined
    const path = join(dirname(keyFile), 'encryption_accepted_keys')
    await writeVariables(this.#settingsFile, new Map([[`${name}_FILE`, path]]))
    return path
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
