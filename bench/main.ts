/**
 * What security costs: `npm run bench`, or `npm run bench -- --quick` in under a minute. `--figures` also writes
 * the report into docs/performance.md.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { Contestant } from './contestant.js'
import { expressRow } from './express-row.js'
import { measure } from './measure.js'
import { VARIANTS } from './own-variants.js'
import { FULL, QUICK } from './plan.js'
import { passes, report, type Run } from './report.js'
import { Results } from './results.js'
import { sanityRows } from './sanity.js'
import { startServers } from './servers.js'
import { allVariants, BASELINE } from './variants.js'

const DOCUMENT = new URL('../../docs/performance.md', import.meta.url)
const FIGURES = /(<!-- figures -->\n)[\s\S]*?(<!-- end of figures -->)/
const OPTIONS = ['--quick', '--figures']

async function run(isQuick: boolean): Promise<Run> {
  const plan = isQuick ? QUICK : FULL
  const servers = await startServers()
  const variants = isQuick ? VARIANTS : await allVariants()
  const contestants = variants.map((variant) => new Contestant(variant, servers))
  try {
    await Promise.all(contestants.map((contestant) => contestant.open(servers.access)))
    const results = new Results(BASELINE)
    await measure(contestants, plan, results)
    return {
      plan,
      variants: contestants.map(({ name }) => name),
      results,
      express: await expressRow(servers, plan.expressMs),
      sanity: await sanityRows(servers),
      server: servers.version,
    }
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.close()))
    await servers.stop()
  }
}

const given = process.argv.slice(2)
const unknown = given.find((option) => !OPTIONS.includes(option))
if (unknown === undefined) {
  const finished = await run(given.includes('--quick'))
  const text = report(finished)
  console.log(text)
  if (given.includes('--figures')) {
    const document = await readFile(DOCUMENT, 'utf8')
    await writeFile(
      DOCUMENT,
      document.replace(FIGURES, (_all, begin: string, end: string) => `${begin}\n${text}\n\n${end}`),
    )
  }
  process.exitCode = passes(finished) ? 0 : 1
} else {
  console.error(`error: unknown option\nhint: known are ${OPTIONS.join(' and ')}`)
  process.exitCode = 2
}
