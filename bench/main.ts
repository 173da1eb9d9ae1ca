/**
 * What security costs: `npm run bench`, or `npm run bench -- --quick` in under a minute. `--peers` has the other caches
 * in a quick run as well, where they are installed. `--figures` also writes the report into docs/performance.md.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
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

const DOCUMENT = fileURLToPath(new URL('../../docs/performance.md', import.meta.url))
const FIGURES = /(<!-- figures -->\n)[\s\S]*?(<!-- end of figures -->)/
const OPTIONS = ['--quick', '--peers', '--figures']

async function run(given: readonly string[]): Promise<Run> {
  const isQuick = given.includes('--quick')
  const plan = isQuick ? QUICK : FULL
  onProgress('starting the servers')
  const servers = await startServers()
  const variants = isQuick && !given.includes('--peers') ? VARIANTS : await allVariants()
  const contestants = variants.map((variant) => new Contestant(variant, servers))
  try {
    await Promise.all(contestants.map((contestant) => contestant.open(servers.access)))
    const results = new Results(BASELINE)
    await measure({ contestants, plan, results, onProgress })
    onProgress('an Express application')
    const express = await expressRow(servers, plan.expressMs)
    const sanity = await sanityRows(servers)
    return {
      plan,
      variants: contestants.map(({ name }) => name),
      results,
      express,
      sanity,
      server: servers.version,
    }
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.close()))
    await servers.stop()
  }
}

/** Talk goes to stderr, the report to stdout. */
function onProgress(text: string): void {
  const seconds = Math.round(performance.now() / 1000)
  console.error(`${String(seconds).padStart(5)} s  ${text}`)
}

/** The document around the figures. Read before anything is measured: a quarter of an hour should not end in an error. */
async function readDocument(): Promise<string> {
  const document = await readFile(DOCUMENT, 'utf8')
  if (FIGURES.test(document)) return document
  throw new Error(
    'docs/performance.md has no place for the figures: <!-- figures --> … <!-- end of figures -->',
  )
}

/** The whole document or nothing. */
async function writeFigures(document: string, text: string): Promise<void> {
  const draft = `${DOCUMENT}.${process.pid}`
  try {
    const changed = (_all: string, begin: string, end: string): string => `${begin}\n${text}\n\n${end}`
    await writeFile(draft, document.replace(FIGURES, changed))
    await rename(draft, DOCUMENT)
  } finally {
    await rm(draft, { force: true })
  }
}

const given = process.argv.slice(2)
if (given.every((option) => OPTIONS.includes(option))) {
  try {
    const document = given.includes('--figures') ? await readDocument() : undefined
    const finished = await run(given)
    const text = report(finished)
    console.log(text)
    if (document !== undefined) await writeFigures(document, text)
    process.exitCode = passes(finished) ? 0 : 1
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : 'the benchmark failed'}`)
    process.exitCode = 1
  }
} else {
  console.error(`error: unknown option\nhint: known are ${OPTIONS.join(', ')}`)
  process.exitCode = 2
}
