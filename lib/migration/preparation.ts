import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CacheError } from '../errors.js'
import { backUp } from './backup.js'
import { identityFile, newIdentity } from './backup-file.js'
import { keptCourse } from './course.js'
import { cannotUse } from './folder-errors.js'
import { lockName } from './lock.js'
import type { RunEvent } from './runner.js'
import { persistServerFiles, readServerFiles } from './saved-file.js'
import type { Session } from './session.js'
import { throwIfStopped } from './waiting.js'

export interface PreparationOptions {
  /** Where the backup goes. */
  readonly folder: string
  /** age recipients, `age1…`; none: an identity is made, and lies beside the backup. */
  readonly recipients: readonly string[]
  readonly tell: (event: RunEvent) => void
  readonly waiting: { readonly signal?: AbortSignal | undefined }
}

/** Keeps what there is: the whole configuration in the journal, every key in an encrypted backup. */
export async function prepare(session: Session, options: PreparationOptions): Promise<void> {
  const { facts, progress, place, course } = session
  if (progress.begun === undefined) {
    await session.record({
      type: 'begun',
      at: new Date().toISOString(),
      runId: facts.runId,
      place,
      course: keptCourse(course),
      config: [...facts.state.config],
      users: [...facts.state.users],
      files: await readServerFiles([facts.configFile, facts.state.config.get('aclfile') ?? '']),
    })
  }
  // Whether the server can write its file shows before anything of it was changed.
  const persisted = await persistServerFiles(session)
  if (persisted.outcome === 'refused') throw unwritable(persisted.note)
  if (persisted.outcome === 'no-file') options.tell({ type: 'note', text: persisted.note })
  if (progress.backup === undefined) await makeBackup(session, options)
}

function unwritable(note: string): CacheError {
  return new CacheError(
    'ERR_MIGRATION_REFUSED',
    `${note}, and would bring back the open server with sealed values. ` +
      'Let its user write the folder of the file (its log says what failed), then run again; nothing was changed',
  )
}

async function makeBackup(session: Session, options: PreparationOptions): Promise<void> {
  const { server, facts, journal } = session
  const { folder, tell, waiting } = options
  const name = `backup-${journal.id.slice(0, 8)}`
  const file = `${name}.age`
  const connection = server.open(server.way, 'backup')
  try {
    await connection.ready()
    const { keys, bytes, sha256, byType } = await backUp({
      client: connection.client,
      version: facts.version,
      databases: facts.databases.map(({ number }) => number),
      path: join(folder, file),
      leaveOut: lockName(server.destination.keyPrefix),
      recipients: await recipientsOf(options, name),
      onProgress(done) {
        throwIfStopped(waiting.signal)
        tell({ type: 'progress', what: 'keys backed up', done })
      },
    })
    await session.record({ type: 'backup', file, keys, bytes, sha256 })
    tell({
      type: 'note',
      text: `${keys} keys are in ${join(folder, file)} (${bytes} bytes), read back and right`,
    })
    const others = Object.entries(byType).filter(([type]) => type !== 'string')
    if (others.length > 0) {
      const counts = others.map(([type, count]) => `${count} of type ${type}`).join(', ')
      tell({ type: 'note', text: `${counts}: only strings are sealed, these stay as they are` })
    }
  } finally {
    await connection.close()
  }
}

async function recipientsOf(
  { recipients, folder, tell }: PreparationOptions,
  name: string,
): Promise<readonly string[]> {
  if (recipients.length > 0) return recipients
  const made = await newIdentity()
  const path = join(folder, `${name}-identity.txt`)
  await writeFile(path, identityFile(made), { mode: 0o600 }).catch((error: unknown) => {
    throw cannotUse('the file of the identity', error)
  })
  tell({ type: 'note', text: `${path} opens the backup: keep it apart from it` })
  return [made.recipient]
}
