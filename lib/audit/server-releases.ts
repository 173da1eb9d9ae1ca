import type { ServerVersion } from '../redis/versions.js'

/** A server, as precisely as a tag or a banner names it. */
export interface ServerRelease extends ServerVersion {
  readonly patch?: number | undefined
}

/** Reads `7.2.4`, `7.2`, also with a suffix such as `-alpine`; `undefined` for `7`, `latest` and other text. */
export function parseRelease(product: ServerVersion['product'], tag: string): ServerRelease | undefined {
  const match = /^v?(\d{1,3})\.(\d{1,3})(?:\.(\d{1,5}))?(?:[-_].*)?$/.exec(tag)
  if (match === null) return undefined
  const [, major, minor, patch] = match
  return {
    product,
    major: Number(major),
    minor: Number(minor),
    patch: patch === undefined ? undefined : Number(patch),
  }
}

/** `Redis 7.2.4`, `Valkey 8.1`. */
export function nameRelease({ product, major, minor, patch }: ServerRelease): string {
  const name = product === 'redis' ? 'Redis' : 'Valkey'
  return `${name} ${major}.${minor}${patch === undefined ? '' : `.${patch}`}`
}

/** The end of a branch: `ended` names the day of its last support, where it is known. */
interface Branch {
  readonly product: ServerVersion['product']
  readonly branch: string
  readonly ended: string
  readonly source: string
}

const REDIS_POLICY = 'github.com/redis/redis/security/policy'
const VALKEY_POLICY = 'valkey.io/topics/releases'

/**
 * VER-001: branches that get no fixes any more. Redis 6.2, 7.2, 7.4, 8.2 and later still got fixes for
 * CVE-2026-81934, so they are not here.
 */
export const ENDED_BRANCHES: readonly Branch[] = [
  { product: 'redis', branch: '6.0', ended: '2022-05-31', source: REDIS_POLICY },
  { product: 'redis', branch: '7.0', ended: '2024-07-29', source: REDIS_POLICY },
  { product: 'redis', branch: '8.0', ended: '2026-02-11', source: REDIS_POLICY },
  { product: 'valkey', branch: '7.2', ended: '2029-04-16', source: VALKEY_POLICY },
  { product: 'valkey', branch: '8.0', ended: '2027-09-15', source: VALKEY_POLICY },
  { product: 'valkey', branch: '8.1', ended: '2030-03-31', source: VALKEY_POLICY },
  { product: 'valkey', branch: '9.0', ended: '2028-10-21', source: VALKEY_POLICY },
]

/** A known vulnerability: where it begins, and the first fixed release of each branch. */
export interface Vulnerability {
  readonly ids: readonly string[]
  readonly what: string
  readonly product: ServerVersion['product']
  /** First affected release; all before the fix where absent. */
  readonly since?: string | undefined
  /** In ascending order. A branch without a fixed release of its own stays affected below the last one. */
  readonly fixed: readonly string[]
  readonly source: string
}

const LUA = ['CVE-2025-49844', 'CVE-2025-46817', 'CVE-2025-46818', 'CVE-2025-46819']
const LUA_WHAT = 'a Lua script may run code on the server'
const UNBLOCK_WHAT = 'a client that is unblocked while it is evicted may run code on the server'

/** VER-002. The first fixed release of each branch, from the advisories and the release notes. */
export const VULNERABILITIES: readonly Vulnerability[] = [
  {
    ids: LUA,
    what: LUA_WHAT,
    product: 'redis',
    fixed: ['6.2.20', '7.2.11', '7.4.6', '8.0.4', '8.2.2'],
    source: 'https://redis.io/blog/security-advisory-cve-2025-49844/',
  },
  {
    ids: LUA,
    what: LUA_WHAT,
    product: 'valkey',
    fixed: ['7.2.11', '8.0.6', '8.1.4'],
    source: 'https://github.com/valkey-io/valkey/releases/tag/8.1.4',
  },
  {
    ids: ['CVE-2026-81934'],
    what: 'anybody who reaches the TLS port may run code on the server',
    product: 'redis',
    fixed: ['6.2.24', '7.2.16', '7.4.11', '8.2.9', '8.4.6', '8.6.6', '8.8.2', '8.10.1'],
    source: 'https://www.cve.org/CVERecord?id=CVE-2026-81934',
  },
  {
    ids: ['CVE-2026-23479'],
    what: UNBLOCK_WHAT,
    product: 'redis',
    since: '7.2.0',
    fixed: ['7.2.14', '7.4.9', '8.2.6', '8.4.3', '8.6.3'],
    source: 'https://www.cve.org/CVERecord?id=CVE-2026-23479',
  },
  {
    ids: ['CVE-2026-23479'],
    what: UNBLOCK_WHAT,
    product: 'valkey',
    fixed: ['7.2.13', '8.0.9', '8.1.7', '9.0.4'],
    source: 'https://github.com/valkey-io/valkey/releases/tag/9.0.4',
  },
  {
    ids: ['CVE-2025-21605'],
    what: 'a client that is not logged in may fill the memory with replies',
    product: 'redis',
    fixed: ['6.2.18', '7.2.8', '7.4.3'],
    source: 'https://www.cve.org/CVERecord?id=CVE-2025-21605',
  },
  {
    ids: ['CVE-2024-31228'],
    what: 'a very long pattern crashes the server',
    product: 'redis',
    fixed: ['6.2.16', '7.2.6', '7.4.1'],
    source: 'https://www.cve.org/CVERecord?id=CVE-2024-31228',
  },
]

/** The end of support of a release's branch, where it has come by `now`. */
export function endOfSupport(release: ServerRelease, now: Date): string | undefined {
  const oldest = release.product === 'redis' ? [6, 0] : [7, 2]
  if (compare([release.major, release.minor], oldest) < 0) return 'years ago'
  const branch = ENDED_BRANCHES.find(
    (entry) => entry.product === release.product && entry.branch === `${release.major}.${release.minor}`,
  )
  return branch !== undefined && Date.parse(branch.ended) <= now.getTime() ? branch.ended : undefined
}

/**
 * The vulnerabilities that a release has by its number. A tag without a patch level stands for the newest
 * of its branch: affected only where the branch has no fixed release.
 */
export function vulnerabilitiesOf(release: ServerRelease): readonly Vulnerability[] {
  const version = [release.major, release.minor, release.patch ?? Number.MAX_SAFE_INTEGER]
  return VULNERABILITIES.filter(({ product, since, fixed }) => {
    if (product !== release.product) return false
    if (since !== undefined && compare(version, numbers(since)) < 0) return false
    const ownFix = fixed.find((entry) => compare(numbers(entry).slice(0, 2), version.slice(0, 2)) === 0)
    // After the last fixed branch the fix was there from the first release on.
    return compare(version, numbers(ownFix ?? fixed.at(-1) ?? '0')) < 0
  })
}

/** The first release of a branch that has none of the vulnerabilities; `undefined` where there is none. */
export function firstSafeRelease({ product, major, minor }: ServerVersion): string | undefined {
  const candidates = VULNERABILITIES.flatMap((entry) => (entry.product === product ? entry.fixed : []))
    .filter((entry) => compare(numbers(entry).slice(0, 2), [major, minor]) === 0)
    .map((entry) => ({ product, major, minor, patch: numbers(entry)[2] ?? 0 }))
    .toSorted((a, b) => a.patch - b.patch)
  const safe = candidates.find((candidate) => vulnerabilitiesOf(candidate).length === 0)
  return safe === undefined ? undefined : `${major}.${minor}.${safe.patch}`
}

function numbers(version: string): number[] {
  return version.split('.').map(Number)
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
