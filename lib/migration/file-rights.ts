import { readFile, stat } from 'node:fs/promises'
import { dirname, isAbsolute } from 'node:path'
import type { ServerFacts } from './facts.js'

/** capabilities(7): CAP_DAC_OVERRIDE, by which root writes anywhere. */
const DAC_OVERRIDE = 2n

/** As whom a process works. */
interface Rights {
  readonly uid: number
  readonly groups: readonly number[]
  readonly writesAnywhere: boolean
}

/**
 * Files of a server on this machine that it could not write: CONFIG REWRITE and ACL SAVE would fail, and a restart
 * would bring back the server of before, open, with sealed values. Seen from the modes alone, so that nothing is
 * touched; what they do not show (a read-only mount) shows when the preparation lets it write.
 */
export async function obstaclesOfFiles({
  processId,
  configFile,
  state,
}: ServerFacts): Promise<readonly string[]> {
  const rights = await rightsOf(processId)
  if (rights === undefined) return []
  const paths = [configFile, state.config.get('aclfile') ?? ''].filter(isAbsolute)
  const found = await Promise.all(paths.map((path) => obstacleOf(path, { processId, rights })))
  return found.filter((text) => text !== undefined)
}

async function obstacleOf(
  path: string,
  { processId, rights }: { readonly processId: number; readonly rights: Rights },
): Promise<string | undefined> {
  try {
    // What the process sees under that path, wherever its own root is (proc(5)).
    const [here, there] = await Promise.all([stat(path), stat(`/proc/${processId}/root${path}`)])
    if (here.ino !== there.ino || here.dev !== there.dev) return undefined
    const folder = await stat(dirname(path))
    if (mayWrite(folder, rights)) return undefined
  } catch {
    return undefined
  }
  return (
    `the server cannot write ${path}: it puts a new file in its place, and its user (${rights.uid}) may not write the folder; ` +
    'a restart would forget everything. Give it a folder of its own for the file, and start it from there'
  )
}

function mayWrite(
  { uid, gid, mode }: { readonly uid: number; readonly gid: number; readonly mode: number },
  rights: Rights,
): boolean {
  if (rights.writesAnywhere) return true
  const shift = uid === rights.uid ? 6 : rights.groups.includes(gid) ? 3 : 0
  return ((mode >> shift) & 0o3) === 0o3
}

/** proc(5), /proc/PID/status; `undefined` where there is no such process here, or it is no Redis. */
async function rightsOf(processId: number): Promise<Rights | undefined> {
  const [name, status] = await Promise.all([textOf(processId, 'comm'), textOf(processId, 'status')])
  if (!/redis|valkey/.test(name)) return undefined
  const field = (label: string): readonly string[] =>
    (new RegExp(`^${label}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '').split(/\s+/)
  // Real, effective, saved, file system: the last one counts here.
  const [uid, gid] = [field('Uid')[3], field('Gid')[3]]
  if (uid === undefined || gid === undefined) return undefined
  const capabilities = BigInt(`0x${field('CapEff')[0] ?? '0'}`)
  return {
    uid: Number(uid),
    groups: [gid, ...field('Groups')].filter((text) => text !== '').map(Number),
    writesAnywhere: (capabilities & DAC_OVERRIDE) !== 0n,
  }
}

async function textOf(processId: number, file: string): Promise<string> {
  return readFile(`/proc/${processId}/${file}`, 'latin1').catch(() => '')
}
