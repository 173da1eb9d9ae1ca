import { persistentCache, userDataInLog } from '../find/configuration.js'
import { notIgnored, readableByEveryone, readableData } from '../find/files.js'
import { oneOf, setting } from '../find/settings.js'
import { endedBranch, vulnerableVersion } from '../find/versions.js'
import type { Rule } from '../rule.js'
import { REFERENCES as R } from './references.js'

const CONFIG_GET = { looksAt: 'CONFIG GET' }

/** Logging, persistence, versions and files: families of two or three rules. */
export const OPERATION: readonly Rule[] = [
  {
    id: 'LOG-001',
    title: 'loglevel debug or nothing',
    severity: 'medium',
    why: 'debug fills the disk with details, nothing hides refused handshakes and restarts.',
    exploit: 'An attack leaves no trace, or hides in the noise.',
    remedy: 'loglevel notice',
    reference: [R.config, R.stig],
    live: CONFIG_GET,
    files: {
      looksAt: 'redis.conf',
      find: setting({
        name: 'loglevel',
        judge: oneOf(['debug', 'nothing'], 'the log says too much or nothing: write notice'),
      }),
    },
  },
  {
    id: 'LOG-002',
    title: 'acllog-max-len 0',
    severity: 'medium',
    why: 'ACL LOG is the only place that says who was refused what.',
    exploit: 'Guessing of passwords and probing of commands leave no name and no address.',
    remedy: 'acllog-max-len 256',
    reference: [R.acl],
    live: CONFIG_GET,
    files: {
      looksAt: 'redis.conf',
      find: setting({
        name: 'acllog-max-len',
        judge: oneOf(['0'], 'refused logins and commands are not kept'),
      }),
    },
  },
  {
    id: 'LOG-003',
    title: 'user data in the log',
    severity: 'low',
    why: 'From 7.4 on the server can keep keys and values out of its log and crash reports.',
    exploit: 'A crash report with data is sent around and kept for years.',
    remedy: 'hide-user-data-from-log yes',
    reference: [R.redisConf],
    live: CONFIG_GET,
    files: { looksAt: 'redis.conf for 7.4 and later', find: userDataInLog },
  },
  {
    id: 'PER-001',
    title: 'a pure cache on disk',
    severity: 'low',
    why: 'Values that may be evicted at any time need no copy that outlives the server.',
    exploit: 'A dump in a backup holds what was deleted long ago.',
    remedy: 'save "" and appendonly no; the profile data keeps what matters.',
    reference: [R.persistence],
    live: CONFIG_GET,
    files: { looksAt: 'redis.conf with an allkeys- policy', find: persistentCache },
  },
  {
    id: 'PER-002',
    title: 'dump, append-only file or users.acl readable by others',
    severity: 'medium',
    why: 'The dump is the whole database; users.acl holds unsalted hashes. Redis may loosen modes when it rewrites them.',
    exploit: 'Any local user copies the file and reads or cracks it at leisure.',
    remedy: 'chmod 600, and a folder of mode 0700 owned by the user that runs the server.',
    reference: [R.persistence, R.acl],
    files: { looksAt: 'modes', find: readableData },
  },
  {
    id: 'VER-001',
    title: 'branch out of support',
    severity: 'high',
    why: 'Holes found from now on are fixed elsewhere.',
    exploit: 'An advisory for the other branches is a manual for this one.',
    remedy:
      'Move to a branch that is maintained; secure-cache check names the first release without known holes.',
    reference: [R.policy],
    live: { looksAt: 'INFO server' },
    files: { looksAt: 'tag of the image', find: endedBranch },
  },
  {
    id: 'VER-002',
    title: 'version with a known vulnerability',
    severity: 'critical',
    why: 'The number of the release is one that an advisory lists. Information ("possible") where a distribution may carry the fix under the old number.',
    exploit:
      'Published attacks: code execution by a Lua script (CVE-2025-49844), through the TLS port (CVE-2026-81934), by an evicted client (CVE-2026-23479).',
    remedy: 'Update to the release that the finding names.',
    reference: [R.advisories],
    live: { looksAt: 'INFO server, version of the local package' },
    files: { looksAt: 'tag of the image', find: vulnerableVersion },
  },
  {
    id: 'FIL-001',
    title: 'configuration, access list, secret or .env readable by everyone',
    severity: 'high',
    why: 'They hold passwords, hashes and the way to the keys.',
    exploit: 'Any local user reads the login of the application.',
    remedy: 'chmod 600',
    reference: [R.owaspSecrets],
    files: { looksAt: 'modes', find: readableByEveryone },
  },
  {
    id: 'FIL-002',
    title: 'secrets not in .gitignore',
    severity: 'high',
    why: 'A secret that was committed once stays in the history and in every clone.',
    exploit: 'Scanners read public repositories within minutes of a push.',
    remedy: 'Name the file in .gitignore; replace what was committed already.',
    reference: [R.gitignore, R.owaspSecrets],
    files: { looksAt: '.gitignore', find: notIgnored },
  },
]
