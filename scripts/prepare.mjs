/**
 * Makes a clone ready to run: installs what the lock file asks for and builds what is older than its
 * sources. Runs before start, test and generate-config, so it uses Node's own modules alone and takes no
 * time where nothing is to be done.
 */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const inRoot = (/** @type {string[]} */ ...path) => join(root, ...path)

/** Written after a build that succeeded: newer than every source it was built from. */
const STAMP = inRoot('dist', '.built')
const SOURCE_FOLDERS = ['lib', 'middleware', 'generators', 'cli', 'bench', 'examples', 'test']
const NEVER_BUILT = new Set(['test/packages'])

checkNode()
if (!installed()) install()
removeStale()
if (!built()) build()

/** Said here in one line, before npm says it in ten. */
function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node ${process.versions.node} is too old`, 'install Node 20.19 or later')
  }
}

/** npm records what it installed; the lock file says what should be there. */
function installed() {
  const wanted = packages(inRoot('package-lock.json'))
  const present = packages(inRoot('node_modules', '.package-lock.json'))
  if (wanted === undefined) return fail('package-lock.json is missing or not JSON', 'restore it from git')
  if (present === undefined) return false
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    // The root itself is not recorded, and optional packages of other platforms are left out.
    if (path === '' || (optional === true && present[path] === undefined)) return true
    return present[path]?.version === version
  })
}

/**
 * @typedef {{ packages: Record<string, { version?: string, optional?: boolean }> }} LockFile
 * @returns {LockFile['packages'] | undefined}
 */
function packages(/** @type {string} */ file) {
  try {
    const lock = /** @type {LockFile} */ (JSON.parse(readFileSync(file, 'utf8')))
    return lock.packages
  } catch {
    return undefined
  }
}

function install() {
  // npm ci begins by deleting: behind a link that would be somebody else's folder.
  const folder = inRoot('node_modules')
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    fail(
      'node_modules is a link to packages that differ from package-lock.json',
      'run npm ci where it points to',
    )
  }
  say('installing dependencies (npm ci)')
  // npm tells its scripts where it lives; without it (node scripts/prepare.mjs) it is on the PATH.
  const npm = process.env.npm_execpath
  const args = ['ci', '--include=dev']
  if (npm === undefined) run('npm', args, { shell: process.platform === 'win32' })
  else run(process.execPath, [npm, ...args])
}

function built() {
  const stamp = modified(STAMP)
  if (stamp === undefined) return false
  return [inRoot('tsconfig.json'), inRoot('package-lock.json'), ...sources()].every(
    (file) => (modified(file) ?? 0) <= stamp,
  )
}

function build() {
  say('building (tsc)')
  // Taken before the compiler reads: a source saved while it runs is newer than the stamp.
  const started = new Date()
  run(process.execPath, [inRoot('node_modules', 'typescript', 'bin', 'tsc'), '-p', root])
  writeFileSync(STAMP, '')
  utimesSync(STAMP, started, started)
}

/** Outputs whose source is gone would still be run by mocha and shipped by npm pack. */
function removeStale() {
  const kept = new Set(sources().map((file) => relative(root, file).replace(/\.ts$/, '')))
  for (const folder of SOURCE_FOLDERS) {
    for (const file of files(inRoot('dist', folder))) {
      const output = relative(inRoot('dist'), file).replace(/\.(?:js|js\.map|d\.ts)$/, '')
      if (!kept.has(output)) rmSync(file)
    }
  }
}

function sources() {
  return SOURCE_FOLDERS.flatMap((folder) => files(inRoot(folder))).filter((file) => file.endsWith('.ts'))
}

/** @returns {string[]} */
function files(/** @type {string} */ folder) {
  if (!existsSync(folder) || NEVER_BUILT.has(relative(root, folder).split(sep).join('/'))) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return files(path)
    return entry.isFile() ? [path] : []
  })
}

function modified(/** @type {string} */ file) {
  return existsSync(file) ? statSync(file).mtimeMs : undefined
}

function run(/** @type {string} */ command, /** @type {string[]} */ args, options = {}) {
  // Standard output belongs to the command that follows; what we say goes to standard error.
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options })
  if (error) throw error
  if (status !== 0) fail(`${[command, ...args].join(' ')} failed`, 'the lines above say why')
}

/** @returns {never} */
function fail(/** @type {string} */ problem, /** @type {string} */ remedy) {
  console.error(`error: ${problem}\nhint: ${remedy}`)
  process.exit(1)
}

function say(/** @type {string} */ text) {
  console.error(`prepare: ${text}`)
}
