import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { startDocumented } from './support/documented-application.js'
import { examplesOf, readDocuments } from './support/documents.js'
import type { Example } from './support/documents.js'
import type { RunningRedis } from './support/redis-server.js'
import { startRedis } from './support/redis-server.js'
import { run } from './support/run.js'

const root = join(import.meta.dirname, '..', '..')
const examples = readDocuments(root).flatMap(examplesOf)

const COMPILER_OPTIONS = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  target: 'es2022',
  lib: ['es2023'],
  module: 'nodenext',
  types: ['node'],
  outDir: 'out',
  rootDir: '.',
}

/** What the examples import beside the package itself. */
const NEIGHBOURS = ['express', '@types', 'prom-client', 'nodemailer', 'express-rate-limit']

describe('the examples of the documents @once', () => {
  let project: string
  let redis: RunningRedis
  let compiled: Promise<{ status: number | null; stdout: string }>

  before(async () => {
    redis = await startRedis()
    project = await mkdtemp(join(tmpdir(), 'secure-cache-docs-'))
    const modules = join(project, 'node_modules')
    await mkdir(modules)
    await symlink(root, join(modules, 'express-secure-cache'))
    for (const name of NEIGHBOURS) await symlink(join(root, 'node_modules', name), join(modules, name))
    await writeFile(join(project, 'package.json'), '{ "type": "module" }')
    await writeFile(
      join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ['*.ts'] }),
    )
    for (const { name, source } of examples) await writeFile(join(project, `${name}.ts`), moduleOf(source))
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    compiled = run(process.execPath, [tsc, '-p', project], { cwd: project })
  })

  after(async () => {
    await redis.stop()
    await rm(project, { recursive: true, force: true })
  })

  it('compile under strict settings', async () => {
    const { status, stdout } = await compiled
    expect(status, stdout).to.equal(0)
  }).timeout(120_000)

  for (const example of examples.filter(({ mode }) => mode === 'run')) {
    it(`run to their end: ${example.name}`, async () => {
      await compiled
      const { status, stdout, stderr } = await run(process.execPath, [programOf(example)], {
        cwd: project,
        env: { ...redis.env, NODE_ENV: 'test' },
        timeoutMs: 15_000,
      })
      expect(status, stderr).to.equal(0)
      if (example.output !== undefined) expect(stdout).to.equal(example.output)
    })
  }

  for (const example of examples.filter(({ mode }) => mode === 'serve')) {
    it(`serve what they say: ${example.name}`, async () => {
      await compiled
      expect(example.requests, 'the console block after it shows a request').to.not.be.empty
      const application = await startDocumented(programOf(example), { cwd: project, env: redis.env })
      try {
        for (const request of example.requests) {
          const response = await application.fetch(request)
          expect(response.status, `${request}: ${await response.text()}`).to.equal(200)
        }
      } finally {
        await application.stop()
      }
    })
  }

  function programOf({ name }: Example): string {
    return join(project, 'out', `${name}.js`)
  }
})

/** A block without import or export would be a script, and its names would meet those of the others. */
function moduleOf(source: string): string {
  return /^(?:import|export) /m.test(source) ? source : `${source}\nexport {}\n`
}
