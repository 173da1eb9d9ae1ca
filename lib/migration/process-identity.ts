import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'

/** A process, told from every other one that has had its number. */
export interface ProcessIdentity {
  /** Where the number counts: this boot of this machine, and on Linux the PID namespace (a container has its own). */
  readonly world: string
  readonly pid: number
  /** In the kernel's own words; empty where it does not say. */
  readonly startedAt: string
}

/** This process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const [boot, namespace, life] = await Promise.all([
    textOf('/proc/sys/kernel/random/boot_id'),
    readlink('/proc/self/ns/pid').catch(() => ''),
    lifeOf(process.pid),
  ])
  return {
    world: [hostname(), boot.trim(), namespace].join(' '),
    pid: process.pid,
    startedAt: life?.startedAt ?? '',
  }
}

/**
 * Whether that process has ended. `undefined` where it cannot be told from here: the number of another container or
 * machine says nothing, and a number alone may be somebody else's by now.
 */
export async function hasEnded(other: ProcessIdentity, own: ProcessIdentity): Promise<boolean | undefined> {
  if (other.world !== own.world || !Number.isSafeInteger(other.pid) || other.pid <= 0) return undefined
  if (!exists(other.pid)) return true
  const life = await lifeOf(other.pid)
  if (life === undefined || other.startedAt === '') return undefined
  return life.isOver || life.startedAt !== other.startedAt
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** proc(5), /proc/PID/stat: after the name in parentheses come the state, and as the 22nd field the start in ticks. */
async function lifeOf(
  pid: number,
): Promise<{ readonly isOver: boolean; readonly startedAt: string } | undefined> {
  const text = await textOf(`/proc/${pid}/stat`)
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state = '', startedAt] = [fields[0], fields[19]]
  if (startedAt === undefined) return undefined
  // Z and X: it has ended, and nobody has asked how.
  return { isOver: state === 'Z' || state === 'X', startedAt }
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(() => '')
}
