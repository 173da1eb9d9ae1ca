/**
 * Installs what the tests talk to: a real Redis server, and a browser for the dashboard. From Debian's
 * packages where this process may (root, apt-get); elsewhere it says which line to type.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** What is needed, by which programs it is recognised, and whether the tests can do without. */
const NEEDS = [
  {
    name: 'redis-server',
    programs: [process.env['SECURE_CACHE_REDIS_BIN'], 'redis-server'],
    package: 'redis-server',
    required: true,
    elsewhere: 'brew install redis, dnf install redis, or set SECURE_CACHE_REDIS_BIN to the program',
  },
  {
    name: 'chromium',
    programs: [process.env['CHROMIUM_BIN'], 'chromium', 'chromium-browser', 'google-chrome'],
    package: 'chromium',
    required: false,
    elsewhere: 'any Chromium or Chrome will do, or set CHROMIUM_BIN to the program',
  },
]

const missing = () => NEEDS.filter(({ programs }) => !programs.some(isProgram))

let updated = false
const wanted = missing()
if (wanted.length > 0 && mayInstall()) {
  install(wanted.filter((need) => need.required).map((need) => need.package))
  install(wanted.filter((need) => !need.required).map((need) => need.package))
}
report(missing())

function mayInstall() {
  return process.getuid?.() === 0 && isProgram('apt-get')
}

function install(/** @type {string[]} */ packages) {
  if (packages.length === 0) return
  console.error(`test needs: installing ${packages.join(' ')} (apt-get)`)
  withoutServices(() => {
    // A failed update may still leave lists that are good enough; the installation decides.
    if (!updated) aptGet('update')
    updated = true
    aptGet('install', '--yes', '--no-install-recommends', ...packages)
  })
}

function aptGet(/** @type {string[]} */ ...args) {
  spawnSync('apt-get', ['-qq', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}

/**
 * Debian's package would start an open server on port 6379 at once; policy-rc.d (exit 101: forbidden by
 * policy) is how its own tools are told not to. One that is already there decides for itself.
 */
function withoutServices(/** @type {() => void} */ action) {
  const policy = '/usr/sbin/policy-rc.d'
  const text = '#!/bin/sh\n# express-secure-cache: installing a test need must start no service\nexit 101\n'
  if ((read(policy) ?? text) !== text) return action()
  // An interrupted installation must not leave the policy behind: apt-get gets the signal, we go on.
  const ignore = () => {}
  process.on('SIGINT', ignore).on('SIGTERM', ignore)
  try {
    writeFileSync(policy, text, { mode: 0o755 })
    action()
  } finally {
    rmSync(policy, { force: true })
    process.off('SIGINT', ignore).off('SIGTERM', ignore)
  }
}

function report(/** @type {typeof NEEDS} */ needs) {
  for (const need of needs) {
    const level = need.required ? 'error' : 'note'
    console.error(`${level}: the tests need ${need.name}, and it is not installed`)
    console.error(`hint: sudo apt-get install --no-install-recommends ${need.package} (${need.elsewhere})`)
  }
  if (needs.some((need) => need.required)) process.exit(1)
  if (needs.length > 0) console.error('note: going on without; tests that open a page say so and skip')
}

/** A path, or a name on the PATH, that may be executed. */
function isProgram(/** @type {string | undefined} */ program) {
  if (program === undefined || program === '') return false
  const folders = program.includes('/') ? [''] : (process.env['PATH'] ?? '').split(delimiter)
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function read(/** @type {string} */ file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
