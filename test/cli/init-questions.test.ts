import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { expect } from 'chai'
import { afterEach, before, beforeEach, describe, it } from 'mocha'
import { secureCache } from '../support/command-line.js'
import { contentsOf } from '../support/folder-contents.js'
import { temporaryFolder } from '../support/generated-folder.js'
import { KEYS, atTerminal, canOpenTerminal, type TerminalSession } from '../support/terminal.js'

const QUESTIONS = [
  'Where does Redis run?',
  'What does it keep?',
  'How much memory?',
  'What do its keys begin with?',
  'Add tasks and settings for VS Code?',
  'Write .env with new secrets',
] as const

describe('secure-cache init at a terminal', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let session: TerminalSession | undefined

  before(function () {
    if (!canOpenTerminal()) this.skip()
  })
  beforeEach(async () => {
    folder = await temporaryFolder()
  })
  afterEach(async () => {
    session?.close()
    await folder.remove()
  })

  const open = (...words: readonly string[]): TerminalSession => {
    session = atTerminal(['init', ...words], { cwd: folder.path })
    return session
  }

  const environment = async (): Promise<Readonly<Record<string, string>>> =>
    parse(await readFile(join(folder.path, '.env'), 'utf8'))

  it('takes the defaults for Enter, shows no secret and ends with what to type next', async () => {
    const terminal = open()
    for (const question of QUESTIONS) await terminal.answer(question, KEYS.enter)
    expect(await terminal.ended(), terminal.shown()).to.equal(0)
    expect(terminal.shown()).to.include('issuing certificates …')
    const env = await environment()
    expect(env['REDIS_HOST']).to.equal('redis')
    expect(env).not.to.have.any.keys('REDIS_PROFILE', 'REDIS_MAX_MEMORY', 'REDIS_KEY_PREFIX')
    expect(await readdir(folder.path)).to.have.members(['.devcontainer', '.env', '.vscode', 'secure-redis'])
    expect(terminal.shown()).to.match(
      /next:\s+npx secure-cache check\s+cd secure-redis && docker compose up -d/,
    )
    const secrets = [...(await contentsOf(folder.path))].filter(([path]) => path.endsWith('_password'))
    for (const [, secret] of secrets) expect(terminal.shown()).not.to.include(secret.trim())
  })

  it('follows the answers, refuses what no setting takes, and asks nothing that was given', async () => {
    const terminal = open('--max-memory', '300mb')
    await terminal.answer('Where does Redis run?', KEYS.down + KEYS.enter)
    await terminal.answer('Which port?', `6390${KEYS.enter}`)
    await terminal.answer('What does it keep?', KEYS.down + KEYS.enter)
    await terminal.answer('What do its keys begin with?', `shop${KEYS.enter}`)
    await terminal.answer('expected a ":" at the end', `:${KEYS.enter}`)
    await terminal.answer('Add tasks and settings for VS Code?', KEYS.no)
    await terminal.answer('Write .env with new secrets', KEYS.enter)
    expect(await terminal.ended(), terminal.shown()).to.equal(0)
    expect(terminal.shown()).not.to.include('How much memory?')
    expect(await environment()).to.include({
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: '6390',
      REDIS_PROFILE: 'data',
      REDIS_MAX_MEMORY: '300mb',
      REDIS_KEY_PREFIX: 'shop:',
    })
    expect(await readdir(folder.path)).to.have.members(['.env', 'secure-redis'])
  })

  for (const [title, answers, last] of [
    ['Ctrl-C at the first question', 0, KEYS.controlC],
    ['Ctrl-C at the last question', 5, KEYS.controlC],
    ['no at the end', 5, KEYS.no],
  ] as const) {
    it(`changes nothing after ${title}, and fails @once`, async () => {
      const terminal = open()
      for (const question of QUESTIONS.slice(0, answers)) await terminal.answer(question, KEYS.enter)
      await terminal.answer(QUESTIONS[answers], last)
      expect(await terminal.ended()).to.equal(1)
      expect(terminal.shown()).to.include('Nothing was written.')
      expect(await readdir(folder.path)).to.deep.equal([])
    })
  }

  it('asks nothing where an environment file stands in the way @once', async () => {
    await writeFile(join(folder.path, '.env'), 'MINE=1\n')
    const terminal = open()
    expect(await terminal.ended()).to.equal(2)
    expect(terminal.shown()).to.include('.env exists').and.not.to.include(QUESTIONS[0])
  })

  it('asks nothing with --yes, which takes the defaults for what is not given @once', async () => {
    const terminal = open('--yes', '--profile', 'data')
    expect(await terminal.ended(), terminal.shown()).to.equal(0)
    expect(terminal.shown()).not.to.include(QUESTIONS[0])
    expect(await environment()).to.include({ REDIS_PROFILE: 'data', REDIS_HOST: 'redis' })
  })

  it('names a flag that no setting takes, and writes nothing @once', async () => {
    const { code, stderr } = await secureCache(['init', '--key-prefix', 'canary', '--max-memory', 'much'], {
      cwd: folder.path,
    })
    expect(code).to.equal(1)
    expect(stderr).to.include('REDIS_KEY_PREFIX').and.to.include('REDIS_MAX_MEMORY')
    expect(stderr).not.to.include('canary')
    expect(await readdir(folder.path)).to.deep.equal([])
  })
})
