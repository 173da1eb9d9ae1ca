/**
 * Puts the dashboard's page, style and script into one module, so that they are found wherever the package
 * runs: from dist, installed, required, or inside somebody's bundle. With `--check` it writes nothing and
 * fails where the module is older than its sources.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = join(root, 'middleware', 'dashboard', 'page')
const target = join(root, 'middleware', 'dashboard', 'assets.ts')

/** What is imported stands before who imports it; shapes.js is nearly all types. */
const MODULES = [
  'shapes.js',
  'words.js',
  'elements.js',
  'overall.js',
  'checks.js',
  'timeline.js',
  'figures.js',
  'events.js',
  'unseen.js',
  'messages.js',
  'feed.js',
  'main.js',
]

const ASSETS = {
  'page.html': read('page.html').replace(/\n\s*/g, '\n'),
  'dashboard.css': read('dashboard.css'),
  'dashboard.js': MODULES.map(joined).join('\n'),
  'icon.svg': read('icon.svg'),
}

const lines = Object.entries(ASSETS).map(([name, text]) => `  '${name}': ${JSON.stringify(text)},`)
const module = `/** Made from middleware/dashboard/page by scripts/embed-dashboard.mjs: change those files instead. */
export const ASSETS = {
${lines.join('\n')}
} as const
`

if (!process.argv.includes('--check')) {
  writeFileSync(target, module)
} else if (readFileSync(target, 'utf8') !== module) {
  console.error('error: middleware/dashboard/assets.ts is older than its sources')
  console.error('hint: node scripts/embed-dashboard.mjs')
  process.exit(1)
}

/**
 * One script instead of twelve requests. The modules have no name in common at their top, so without their
 * imports and exports they stand in one file; comments are for whoever reads the sources.
 */
function joined(/** @type {string} */ name) {
  return read(name)
    .replace(/^import [^']*'\.\/[\w-]+\.js'\n/gm, '')
    .replace(/^export /gm, '')
    .replace(/^ *\/\*\*[^]*?\*\/\n/gm, '')
    .replace(/\n{2,}/g, '\n')
    .trim()
}

function read(/** @type {string} */ name) {
  return readFileSync(join(folder, name), 'utf8')
}
