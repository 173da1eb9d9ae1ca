import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { DocumentedApplication } from './support/documented-application.js'
import { startDocumented } from './support/documented-application.js'
import { examplesOf, readDocuments } from './support/documents.js'
import { freePort, RedisProcess } from './support/redis-process.js'
import { succeed } from './support/run.js'

const root = join(import.meta.dirname, '..', '..')
const REQUEST = /^curl (?:-H "Authorization: Bearer \$(\w+)" )?(http:\S+)$/

describe('the two minutes of the README', () => {
  const readme = readDocuments(root).find(({ path }) => path === 'README.md')
  const typed = (readme?.fences ?? [])
    .filter(({ language }) => language === 'console')
    .flatMap(({ code }) => code.trim().split('\n'))
  const app = readme && examplesOf(readme).find(({ mode }) => mode === 'serve')
  let project: string
  let redis: RedisProcess | undefined
  let application: DocumentedApplication | undefined

  before(async () => {
    project = await mkdtemp(join(tmpdir(), 'secure-cache-quick-'))
    await mkdir(join(project, 'node_modules'))
    await symlink(root, join(project, 'node_modules', 'express-secure-cache'))
    await symlink(join(root, 'node_modules', 'express'), join(project, 'node_modules', 'express'))
  })

  after(async () => {
    await application?.stop()
    await redis?.dispose()
    await rm(project, { recursive: true, force: true })
  })

  it('make a configuration with one command', async () => {
    const [, options = ''] = lineOf(/^npx secure-cache (init.*)$/)
    const command = join(root, 'dist', 'cli', 'secure-cache.js')
    // The one departure from the text: another port than Redis's own may be taken by somebody else's server.
    const port = String(await freePort())
    await succeed(process.execPath, [command, ...options.split(' '), '--port', port], { cwd: project })
  })

  it('boot a Redis from it', async () => {
    const [, configuration = ''] = lineOf(/^redis-server (\S+)$/)
    redis = new RedisProcess('redis-server', join(project, configuration))
    await redis.start()
  })

  it('run the application and answer the second request from the cache', async () => {
    await writeFile(join(project, 'app.mjs'), app?.source ?? '')
    application = await startDocumented('app.mjs', {
      cwd: project,
      env: { NODE_ENV: 'production' },
      nodeOptions: ['--env-file=.env'],
    })
    const first = await ask(/summary/)
    expect(first).to.include({ id: '7', words: 4711 })
    expect(await ask(/summary/)).to.deep.equal(first)
    expect(await ask(/health/)).to.include({ status: 'pass' })
  })

  it('show the status to whoever has the token', async () => {
    const status = await ask(/Authorization/)
    expect(status).to.include({ redis_authenticated: true, tls_enabled: true, encryption_enabled: true })
  })

  function lineOf(pattern: RegExp): RegExpExecArray {
    const found = typed.map((line) => pattern.exec(line)).find((match) => match !== null)
    if (!found) throw new Error(`README.md has no line like ${String(pattern)}`)
    return found
  }

  /** Sends the first curl line that matches. */
  async function ask(which: RegExp): Promise<Record<string, unknown>> {
    const [, token, url = ''] = REQUEST.exec(typed.find((line) => which.test(line)) ?? '') ?? []
    const env = parse(await readFile(join(project, '.env')))
    const headers = token === undefined ? {} : { Authorization: `Bearer ${env[token] ?? ''}` }
    const response = await application?.fetch(url, headers)
    expect(response?.status, url).to.equal(200)
    return (await response?.json()) as Record<string, unknown>
  }
})
