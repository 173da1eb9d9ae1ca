import { spawnSync } from 'node:child_process'

/** Stands in the title of what a machine without it leaves out. */
export const WHY_SKIPPED = ' (skipped: no python3 has the package cryptography; Debian: python3-cryptography)'

/** The first Python with the package `cryptography`; the machine's own has it from Debian's python3-cryptography. */
export function findPython(): string | undefined {
  return ['python3', '/usr/bin/python3'].find(
    (candidate) => spawnSync(candidate, ['-c', 'import cryptography'], { timeout: 20_000 }).status === 0,
  )
}
