import { randomBytes } from 'node:crypto'
import { Envelope } from '../lib/crypto/envelope.js'
import { KeyRing } from '../lib/crypto/key-ring.js'
import { INSTANCE_NAMESPACE, readInstances, type InstancesReport } from '../lib/keys/instances.js'
import { obstaclesToPromote, obstaclesToRetire, SLOTS_ARE_MOVING } from '../lib/keys/rotation.js'
import { sweep, takeCensus, type SweepReport } from '../lib/keys/sweep.js'
import type { FindKeyServers } from '../lib/redis/key-servers.js'
import { readSettings } from '../lib/settings/read.js'
import { Secret } from '../lib/settings/secret.js'
import type { Settings } from '../lib/settings/settings.js'
import type { CheckedOptions, KeysOptions, MigrationFolderOption, SweepCommandOptions } from './keys.js'
import { withKeyServers } from './key-servers.js'
import { KeyPlace, type WrittenKeys } from './key-place.js'
import { resealJournal } from './migration-journal.js'
import { forgetNextKey, nextKey, noteNextKey } from './next-key.js'
import { ProgressLine } from './progress-line.js'
import { print, QuietFailure, say } from './report.js'
import { forgetSweep, rememberedPlace, rememberSweep } from './sweep-notes.js'
import { UsageError } from './usage-error.js'

const KEY_BYTES = 32
const SALT_BYTES = 16
/** OWASP's advice for PBKDF2 with SHA-256; NIST SP 800-132 asks for at least 1000. */
const ITERATIONS = 600_000

interface Keys {
  readonly place: KeyPlace
  readonly written: WrittenKeys
  readonly settings: Settings
  readonly keyRing: KeyRing
}

/** `keys generate`: accepts a new key, and prints its id. */
export async function generateKey(
  options: KeysOptions & { passphrase?: boolean | undefined },
): Promise<void> {
  const { place, written, settings } = await open(options)
  if (options.passphrase === true && settings.encryption.passphrase === undefined) {
    throw new UsageError('REDIS_ENCRYPTION_PASSPHRASE is not set', 'set it, or leave --passphrase away')
  }
  const text =
    options.passphrase === true
      ? `pbkdf2-sha256:i=${ITERATIONS}:salt=${randomBytes(SALT_BYTES).toString('base64')}`
      : randomBytes(KEY_BYTES).toString('base64url')
  await place.write({ ...written, accepted: [...written.accepted, text] })
  const { keyRing } = await open(options)
  const id = keyRing.acceptedIds.at(-1) ?? ''
  noteNextKey(id)
  print(id)
  say(
    'accepted, and sealing nothing yet: let every instance read its settings, then secure-cache keys rotate',
  )
}

/** `keys list`: what there is to know about the keys. */
export async function listKeys(options: KeysOptions & { json?: boolean | undefined }): Promise<void> {
  const { settings, keyRing, place } = await open(options)
  const seen = await withKeyServers(place.environment, async (find) => {
    const { keyPrefix } = settings.redis
    const census = await takeCensus({ find, keyPrefix })
    return { census, instances: await instancesOf(find, { settings, keyRing }) }
  })
  const rows = [keyRing.primaryId, ...keyRing.acceptedIds].map((id, index) => ({
    id,
    part: index === 0 ? 'seals' : 'accepted',
    ...countsOf(seen.census.byKeyId.find(({ keyId }) => keyId === id)),
    instances: seen.instances.instances.filter(({ primaryKeyId }) => primaryKeyId === id).length,
  }))
  const known = new Set(rows.map(({ id }) => id))
  const unknown = seen.census.byKeyId
    .filter(({ keyId }) => !known.has(keyId))
    .map((count) => ({ id: count.keyId, part: 'unknown', ...countsOf(count), instances: 0 }))
  const all = [...rows, ...unknown]
  const complete = seen.census.whole && seen.instances.complete
  if (!complete) say(`note: some may be missing, or counted twice: ${SLOTS_ARE_MOVING}`)
  if (options.json === true) {
    const { instances, unreadable } = seen.instances
    print(
      JSON.stringify({ keys: all, unsealed: seen.census.unsealed, instances, unreadable, complete }, null, 2),
    )
    return
  }
  for (const { id, part, values, oldest, newest, instances } of all) {
    const ages = values === 0 ? '' : `, sealed ${oldest ?? '?'} to ${newest ?? '?'}`
    print(`${id}  ${part.padEnd(8)}  ${values} values${ages}, ${instances} instances seal`)
  }
  say(
    `${seen.census.unsealed} values are not sealed; ${seen.instances.unreadable.length} heartbeats do not open`,
  )
}

/** `keys rotate`: another key seals from now on. */
export async function rotateKeys(id: string | undefined, options: CheckedOptions): Promise<void> {
  const { place, written, settings, keyRing } = await open(options)
  const keyId = idOf(id ?? nextKey() ?? '', keyRing.acceptedIds)
  if (options.force !== true) {
    const seen = await withKeyServers(place.environment, (find) => instancesOf(find, { settings, keyRing }))
    refuse('the key was not promoted', obstaclesToPromote({ ...seen, keyId, expected: options.expect }))
    say(`${seen.instances.length} live instances accept the key`)
  }
  const text = written.accepted[keyRing.acceptedIds.indexOf(keyId)]
  if (text === undefined) throw twice()
  const others = written.accepted.filter((entry) => entry !== text)
  await place.write({ primary: text, accepted: [written.primary, ...others] })
  forgetNextKey()
  print(keyId)
  say('it seals as soon as the instances have read their settings; then secure-cache keys sweep')
}

/** `keys sweep`: everything under the key that seals. */
export async function sweepKeys(options: SweepCommandOptions): Promise<void> {
  const { place, settings, keyRing } = await open(options)
  const report = await withKeyServers(place.environment, async (find) => {
    if (options.force !== true) {
      const { instances } = await instancesOf(find, { settings, keyRing })
      const late = instances.filter(({ primaryKeyId }) => primaryKeyId !== keyRing.primaryId)
      const sentence = 'still seals under another key: let it read its settings anew'
      refuse(
        'nothing was swept',
        late.map(({ host, pid }) => `the instance on ${host} (process ${pid}) ${sentence}`),
      )
    }
    return runSweep(find, { settings, keyRing, options })
  })
  const left = await resealJournal(options.migration, keyRing)
  for (const text of left) say(`error: ${text}`)
  report.byKeyId.forEach(({ keyId, values }) => print(`${keyId}  ${values}`))
  say(`${report.resealed} values were sealed anew, in ${report.passes} walks`)
  for (const [reason, count] of Object.entries(report.unreadable)) {
    say(`note: ${count} values under an accepted key do not open (${reason}): they stay until they expire`)
  }
  if (!report.finished) {
    say('stopped: the same command goes on from here')
    throw new QuietFailure()
  }
  if (!report.clean) {
    say(
      report.whole
        ? 'error: values keep appearing under an old key: an instance still seals under it'
        : `error: ${SLOTS_ARE_MOVING}`,
    )
    throw new QuietFailure()
  }
  if (left.length > 0) throw new QuietFailure()
}

/** `keys retire`: a key that nobody needs any more. */
export async function retireKey(id: string, options: CheckedOptions & MigrationFolderOption): Promise<void> {
  const { place, written, settings, keyRing } = await open(options)
  const keyId = idOf(id, [keyRing.primaryId, ...keyRing.acceptedIds])
  if (keyId === keyRing.primaryId) {
    throw new UsageError('this is the key that seals', 'promote another one first: secure-cache keys rotate')
  }
  if (options.force !== true) {
    const report = await withKeyServers(place.environment, async (find) => {
      const seen = await instancesOf(find, { settings, keyRing })
      refuse('the key was not retired', obstaclesToRetire({ ...seen, keyId, expected: options.expect }))
      return runSweep(find, { settings, keyRing, options: { rate: 20_000, fromStart: true } })
    })
    refuse(
      'the key was not retired',
      report.clean
        ? []
        : [report.whole ? 'values keep appearing under it: sweep, and look who writes' : SLOTS_ARE_MOVING],
    )
  }
  const left = await resealJournal(options.migration, keyRing)
  if (options.force !== true) refuse('the key was not retired', left)
  else for (const note of left) say(`note: ${note}`)
  const text = written.accepted[keyRing.acceptedIds.indexOf(keyId)]
  if (text === undefined) throw twice()
  await place.write({ ...written, accepted: written.accepted.filter((entry) => entry !== text) })
  print(keyId)
  say('retired: what still lies under it does not open any more')
}

async function open(options: KeysOptions): Promise<Keys> {
  const place = await KeyPlace.open(options.settings)
  const written = await place.read()
  const settings = readSettings({ env: place.environment, purpose: 'sealer' })
  const encryption = {
    enabled: true,
    key: new Secret(written.primary),
    acceptedKeys: written.accepted.map((text) => new Secret(text)),
    passphrase: settings.encryption.passphrase,
  }
  const keyRing = KeyRing.create(encryption)
  await keyRing.ready
  return { place, written, settings, keyRing }
}

function instancesOf(
  find: FindKeyServers,
  { settings, keyRing }: Pick<Keys, 'settings' | 'keyRing'>,
): Promise<InstancesReport> {
  const { keyPrefix } = settings.redis
  const opener = new Envelope({ keyRing }).namespace(keyPrefix, INSTANCE_NAMESPACE)
  return readInstances({ find, keyPrefix, opener })
}

async function runSweep(
  find: FindKeyServers,
  {
    settings,
    keyRing,
    options,
  }: Pick<Keys, 'settings' | 'keyRing'> & {
    readonly options: Pick<SweepCommandOptions, 'rate' | 'fromStart'>
  },
): Promise<SweepReport> {
  const { keyPrefix } = settings.redis
  const noted = { keyPrefix, keyId: keyRing.primaryId }
  const line = new ProgressLine('values looked at')
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.once('SIGINT', interrupt)
  try {
    const report = await sweep({
      find,
      keyPrefix,
      keyRing,
      now: Date.now,
      keysPerSecond: options.rate,
      place: options.fromStart === true ? undefined : rememberedPlace(noted),
      signal: stop.signal,
      onProgress: ({ looked, ...progress }) => {
        line.show({ ...progress, done: looked })
        rememberSweep(noted, progress.place)
      },
    })
    if (report.finished) forgetSweep()
    return report
  } finally {
    process.off('SIGINT', interrupt)
    line.end()
  }
}

function countsOf(
  count:
    | {
        readonly values: number
        readonly oldestIssuedAt?: number | undefined
        readonly newestIssuedAt?: number | undefined
      }
    | undefined,
): { readonly values: number; readonly oldest: string | undefined; readonly newest: string | undefined } {
  return {
    values: count?.values ?? 0,
    oldest: day(count?.oldestIssuedAt),
    newest: day(count?.newestIssuedAt),
  }
}

function day(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : new Date(seconds * 1000).toISOString().slice(0, 16)
}

function idOf(beginning: string, ids: readonly string[]): string {
  const found = ids.filter((id) => id.startsWith(beginning.toLowerCase()))
  const [id] = found
  if (id !== undefined && found.length === 1 && /^[0-9a-f]{4,32}$/i.test(beginning)) return id
  throw new UsageError(
    beginning === ''
      ? 'no key was generated here that waits to be promoted'
      : 'no key in question has this id, or more than one',
    'secure-cache keys list shows the ids; secure-cache keys generate makes a key',
  )
}

function refuse(what: string, obstacles: readonly string[]): void {
  if (obstacles.length === 0) return
  for (const obstacle of obstacles) say(`error: ${obstacle}`)
  say(`hint: ${what}; --force does it all the same`)
  throw new QuietFailure()
}

function twice(): UsageError {
  return new UsageError(
    'a key is written down more than once',
    'remove the repetition from the accepted keys',
  )
}
