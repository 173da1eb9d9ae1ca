import { existsSync } from 'node:fs'
import { appendFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'jsonc-parser'
import { after, before, describe, it } from 'mocha'
import { secureCache } from '../support/command-line.js'
import { temporaryFolder } from '../support/generated-folder.js'
import { run, type RunResult } from '../support/run.js'

const root = join(import.meta.dirname, '..', '..', '..')

interface Task {
  readonly label: string
  readonly type: string
  readonly command: string
  readonly args: readonly string[]
  readonly problemMatcher: {
    readonly pattern: { readonly regexp: string } & Readonly<Record<string, number | string>>
  }
}

/** One problem as the editor lists it. */
type Problem = Readonly<
  Record<'file' | 'line' | 'column' | 'severity' | 'message' | 'code', string | undefined>
>

/** What the editor makes of a line of output: groups by their number, white space around a file's name dropped. */
function problemIn({ problemMatcher: { pattern } }: Task, line: string): Problem | undefined {
  const match = new RegExp(pattern.regexp).exec(line)
  if (match === null) return undefined
  const group = (name: string): string | undefined => match[Number(pattern[name])]?.trim()
  return {
    file: group('file'),
    line: group('line'),
    column: group('column'),
    severity: group('severity'),
    message: group('message'),
    code: group('code'),
  }
}

describe('the tasks in VS Code @once', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let tasks: ReadonlyMap<string, Task>

  before(async () => {
    folder = await temporaryFolder()
    await mkdir(at('node_modules'))
    await symlink(root, at('node_modules/express-secure-cache'))
    await writeFile(at('.gitignore'), '.env\n')
    const { code, stderr } = await secureCache(['init'], { cwd: folder.path })
    expect(code, stderr).to.equal(0)
    expect(stderr).not.to.include('npm install')
    const { tasks: all } = parse(await readFile(at('.vscode/tasks.json'), 'utf8')) as { tasks: Task[] }
    tasks = new Map(all.map((each) => [each.label.replace('secure-cache: ', ''), each]))
  })
  after(() => folder.remove())

  const at = (path: string): string => join(folder.path, path)

  function task(name: string): Task {
    const found = tasks.get(name)
    if (found === undefined) throw new Error(`no task ${name}`)
    return found
  }

  /** As the editor runs a task of type process: variables filled in, no shell. */
  function start(name: string): Promise<RunResult> {
    const { type, command, args } = task(name)
    expect(type).to.equal('process')
    const words = args.map((word) => word.replaceAll('${workspaceFolder}', folder.path))
    return run(command, words, { cwd: folder.path })
  }

  const problems = (name: string, output: string): readonly Problem[] =>
    output.split(/\r?\n/).flatMap((line) => problemIn(task(name), line) ?? [])

  it('generate and check, and have nothing to say about what was generated', async () => {
    const generated = await start('generate')
    expect(generated).to.include({ status: 0, stdout: '' })
    expect(generated.stderr).to.match(/^changed 0 of \d+ files/)
    const checked = await start('check')
    expect(checked, checked.stdout).to.include({ status: 0, stdout: '' })
    expect(problems('generate', generated.stderr).concat(problems('check', checked.stderr))).to.deep.equal([])
  })

  it('put a setting that cannot be used at its line of the environment file, without its value', async () => {
    const env = await readFile(at('.env'), 'utf8')
    await writeFile(at('.env'), env.replace('REDIS_PORT=6379', 'REDIS_PORT=canary'))
    const { status, stderr } = await start('generate')
    await writeFile(at('.env'), env)
    expect(status).to.equal(1)
    expect(stderr).not.to.include('canary')
    const line = String(env.split('\n').indexOf('REDIS_PORT=6379') + 1)
    const [problem, ...more] = problems('generate', stderr)
    expect(problem).to.include({ file: '.env', line, column: '1', severity: 'error' })
    expect(problem?.message).to.match(/^REDIS_PORT\b.*whole number/)
    expect(more).to.deep.equal([])
  })

  it('put every finding at its line, addresses and passwords with colons included', async () => {
    const env = await readFile(at('.env'), 'utf8')
    await appendFile(at('.env'), '\nREDIS_URL=redis://localhost:6379\n')
    await appendFile(at('secure-redis/conf/redis.conf'), 'port 6379\n')
    const { status, stdout } = await start('check')
    expect(status).to.equal(1)
    const found = problems('check', stdout)
    expect(found).to.have.length(stdout.trimEnd().split('\n').length)
    for (const { file = '', line, column, severity, message } of found) {
      expect(existsSync(at(file)), file).to.equal(true)
      expect(['error', 'warning', 'info']).to.include(severity)
      expect(message).not.to.equal('')
      const text = (await readFile(at(file), 'utf8')).split('\n')[Number(line) - 1]
      expect(text?.length, `${file}:${line}`).to.be.at.least(Number(column) - 1)
    }
    await writeFile(at('.env'), env)
    const conf = await readFile(at('secure-redis/conf/redis.conf'), 'utf8')
    expect(found.find(({ code }) => code === 'NET-001')).to.include({
      file: 'secure-redis/conf/redis.conf',
      line: String(conf.trimEnd().split('\n').length),
      severity: 'error',
    })
  })

  it('put a broken file of the editor at its line', async () => {
    const text = await readFile(at('.vscode/launch.json'), 'utf8')
    await writeFile(at('.vscode/launch.json'), text.replace('"version"', 'version'))
    const { status, stderr } = await start('generate')
    expect(status).to.equal(1)
    const [problem] = problems('generate', stderr)
    expect(problem).to.include({ file: '.vscode/launch.json', line: '2', column: '3', severity: 'error' })
  })

  it('read paths of Windows and messages with addresses', () => {
    const line = String.raw`C:\Users\me\my app\secure-redis\conf\redis.conf:12:5: warning: redis://h:1 is plaintext: use rediss:// [TLS-001]`
    expect(problemIn(task('check'), line)).to.deep.equal({
      file: String.raw`C:\Users\me\my app\secure-redis\conf\redis.conf`,
      line: '12',
      column: '5',
      severity: 'warning',
      message: 'redis://h:1 is plaintext: use rediss://',
      code: 'TLS-001',
    })
  })
})
