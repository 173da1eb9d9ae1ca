import type { InstancesReport } from './instances.js'

/** Why nothing can be said of all values, or of all instances. */
export const SLOTS_ARE_MOVING =
  'slots of the Cluster are moving from node to node, and keys with them: try again when that has ended'

/** What the instances must be like before a key changes its part. */
export interface RotationQuestion extends InstancesReport {
  /** 32 hex digits: the key in question. */
  readonly keyId: string
  /** How many instances there should be at least; 0 where nobody said. */
  readonly expected: number
}

/**
 * Why a key may not be promoted yet, a sentence each; empty where it may. A promoted key seals at once, and an
 * instance that does not accept it would miss every value sealed under it.
 */
export function obstaclesToPromote({
  keyId,
  expected,
  instances,
  unreadable,
  complete,
}: RotationQuestion): readonly string[] {
  const late = instances.filter(
    ({ primaryKeyId, acceptedKeyIds }) => primaryKeyId !== keyId && !acceptedKeyIds.includes(keyId),
  )
  return [
    ...late.map(
      ({ host, pid }) =>
        `the instance on ${host} (process ${pid}) does not accept the key yet: let it read its settings anew, or restart it`,
    ),
    ...missing(expected, instances.length),
    ...strangers(unreadable),
    ...moving(complete),
  ]
}

/** Why a key may not be dropped yet: somebody still seals under it. */
export function obstaclesToRetire({
  keyId,
  expected,
  instances,
  unreadable,
  complete,
}: RotationQuestion): readonly string[] {
  const sealing = instances.filter(({ primaryKeyId }) => primaryKeyId === keyId)
  return [
    ...sealing.map(
      ({ host, pid }) =>
        `the instance on ${host} (process ${pid}) still seals under the key: let it read its settings anew, or restart it`,
    ),
    ...missing(expected, instances.length),
    ...strangers(unreadable),
    ...moving(complete),
  ]
}

function missing(expected: number, seen: number): readonly string[] {
  return seen >= expected
    ? []
    : [`${seen} of ${expected} expected instances have been heard of in the last 90 seconds`]
}

function moving(complete: boolean): readonly string[] {
  return complete ? [] : [SLOTS_ARE_MOVING]
}

function strangers(unreadable: readonly string[]): readonly string[] {
  if (unreadable.length === 0) return []
  const count = unreadable.length === 1 ? '1 heartbeat does' : `${unreadable.length} heartbeats do`
  const ids = [...new Set(unreadable)].join(', ')
  return [
    `${count} not open under the keys of these settings (key ${ids}): an instance with other keys, or a forgery`,
  ]
}
