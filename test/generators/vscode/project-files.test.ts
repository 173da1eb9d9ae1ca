import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Ajv } from 'ajv'
import { expect } from 'chai'
import { parse as parseJsonc } from 'jsonc-parser'
import { afterEach, before, beforeEach, describe, it } from 'mocha'
import { parse as parseYaml } from 'yaml'
import { generateConfig, type GenerateOptions, type GenerateResult } from '../../../generators/index.js'
import { finishInterrupted } from '../../../generators/staging.js'
import { auditFolder } from '../../../lib/audit/audit.js'
import { readFolderFacts } from '../../../lib/audit/file-facts.js'
import { ConfigError } from '../../../lib/errors.js'
import type { Settings } from '../../../lib/settings/settings.js'
import { contentsOf } from '../../support/folder-contents.js'
import { freshSettings, temporaryFolder } from '../../support/generated-folder.js'

const SCHEMA = new URL('../../../../test/support/schemas/compose.json', import.meta.url)

interface Task {
  readonly label: string
  readonly command?: string
  readonly args?: readonly string[]
  readonly dependsOn?: readonly string[]
  readonly problemMatcher: { readonly pattern: { readonly regexp: string } }
}

interface DevContainer {
  readonly dockerComposeFile: readonly string[]
  readonly service: string
}

/** Files of a project as people write them. */
const THEIRS = {
  '.vscode/tasks.json': `// Tasks of the team.
{
\t"version": "2.0.0",
\t"tasks": [
\t\t{ "label": "build", "type": "npm", "script": "build" }, // every morning
\t],
\t/* "inputs": [] */
}
`,
  '.vscode/settings.json': `{
  // Nobody agrees about this one.
  "editor.tabSize": 4,
  "files.exclude": { "**/dist": true }
}`,
  '.vscode/extensions.json': '{ "unwantedRecommendations": ["redhat.vscode-yaml"] } // no YAML\n',
} as const

describe('files of an editor @once', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let settings: Settings

  before(async () => {
    settings = await freshSettings()
  })
  beforeEach(async () => {
    folder = await temporaryFolder()
  })
  afterEach(() => folder.remove())

  const at = (path: string): string => join(folder.path, path)
  const read = (path: string): Promise<string> => readFile(at(path), 'utf8')
  const generate = (
    options: Partial<GenerateOptions> & { force?: boolean; name?: string } = {},
  ): Promise<GenerateResult> =>
    generateConfig({
      settings,
      out: at(options.name ?? 'secure-redis'),
      project: { folder: folder.path, generateWords: [], force: options.force ?? false },
      ...options,
    })
  const states = ({ files }: GenerateResult): ReadonlyMap<string, string> =>
    new Map(files.map(({ path, state }) => [path, state]))

  async function put(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(at(path)), { recursive: true })
      await writeFile(at(path), text)
    }
  }

  async function refusal(action: Promise<unknown>): Promise<ConfigError> {
    const error: unknown = await action.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (!(error instanceof ConfigError)) throw new TypeError('expected a ConfigError')
    return error
  }

  async function tasks(): Promise<readonly Task[]> {
    return (parseJsonc(await read('.vscode/tasks.json')) as { tasks: Task[] }).tasks
  }

  it('are made where there are none, and stay as they are the second time', async () => {
    await generate()
    const first = await contentsOf(folder.path)
    expect([...first.keys()].filter((path) => !path.startsWith('secure-redis/'))).to.have.members([
      '.devcontainer/devcontainer.json',
      '.vscode/extensions.json',
      '.vscode/launch.json',
      '.vscode/secure-cache.code-snippets',
      '.vscode/settings.json',
      '.vscode/tasks.json',
    ])
    expect((await tasks()).map(({ label }) => label)).to.deep.equal(
      ['generate', 'check', 'verify', 'start', 'stop'].map((name) => `secure-cache: ${name}`),
    )
    const again = await generate()
    expect(new Set(states(again).values())).to.deep.equal(new Set(['unchanged']))
    expect(await contentsOf(folder.path)).to.deep.equal(first)
  })

  it('keep what a project has of them, comments and modes included, and change nothing the second time', async () => {
    await put(THEIRS)
    const mode = (await stat(at('.vscode/tasks.json'))).mode
    await generate()
    const [team] = await tasks()
    expect(team).to.deep.equal({ label: 'build', type: 'npm', script: 'build' })
    const text = await read('.vscode/tasks.json')
    for (const comment of ['// Tasks of the team.', '// every morning', '/* "inputs": [] */'])
      expect(text).to.include(comment)
    expect(text).to.include('\n\t\t{\n\t\t\t"label": "secure-cache: generate"')
    const editor = await read('.vscode/settings.json')
    expect(editor).to.include('  // Nobody agrees about this one.\n  "editor.tabSize": 4,\n')
    expect(parseJsonc(editor)).to.deep.include({ 'editor.tabSize': 4 })
    expect((parseJsonc(editor) as Record<string, object>)['files.exclude']).to.deep.include({
      '**/dist': true,
      'secure-redis/operator': true,
    })
    expect(parseJsonc(await read('.vscode/extensions.json'))).to.deep.equal({
      unwantedRecommendations: ['redhat.vscode-yaml'],
      recommendations: ['ms-azuretools.vscode-containers', 'ms-vscode-remote.remote-containers'],
    })
    expect((await stat(at('.vscode/tasks.json'))).mode).to.equal(mode)
    const first = await contentsOf(folder.path)
    await generate()
    expect(await contentsOf(folder.path)).to.deep.equal(first)
  })

  it('leave a task that was changed by hand, say so, and write ours with force', async () => {
    await generate()
    const mine = (await read('.vscode/tasks.json')).replace(
      '"generate-config"',
      '"generate-config", "--force"',
    )
    await writeFile(at('.vscode/tasks.json'), mine)
    const kept = await generate()
    expect(await read('.vscode/tasks.json')).to.equal(mine)
    expect(kept.notes.join('\n')).to.include(
      '"secure-cache: generate" of .vscode/tasks.json was changed by hand',
    )
    await generate({ force: true })
    expect((await tasks())[0]?.args?.slice(1)).to.deep.equal(['generate-config'])
  })

  it('follow the settings where the part is ours, beside what somebody added', async () => {
    await generate()
    const text = await read('.vscode/tasks.json')
    await writeFile(at('.vscode/tasks.json'), text.replace('"tasks": [', '"tasks": [ // ours'))
    const project = { folder: folder.path, generateWords: ['--settings', 'other.env'], force: false }
    expect((await generate({ project })).notes.join('\n')).not.to.include('changed by hand')
    expect((await tasks())[0]?.args?.slice(1)).to.deep.equal(['generate-config', '--settings', 'other.env'])
    expect(await read('.vscode/tasks.json')).to.include('"tasks": [ // ours')
  })

  for (const [title, path, text, place] of [
    ['broken', '.vscode/tasks.json', '{\n  "tasks": [\n    oops\n', '3:5: error: not valid JSON'],
    ['of another shape', '.vscode/launch.json', '{ "configurations": {} }', '1:21: error: expected a list'],
  ] as const) {
    it(`that are ${title} are refused with their place, and nothing at all is written`, async () => {
      await put({ [path]: text })
      const error = await refusal(generate())
      expect(error.code).to.equal('ERR_CONFIG_FILES')
      expect(error.message).to.include(`\n${path}:${place}`).and.to.include('--no-vscode')
      expect(await read(path)).to.equal(text)
      expect([...(await contentsOf(folder.path)).keys()]).to.deep.equal([path])
    })
  }

  it('are not read through links, nor where they are no text', async () => {
    const elsewhere = await temporaryFolder()
    try {
      await symlink(elsewhere.path, at('.vscode'))
      expect((await refusal(generate())).message).to.include('.vscode is a link')
      expect(await readdir(elsewhere.path)).to.deep.equal([])
    } finally {
      await elsewhere.remove()
    }
    await rm(at('.vscode'))
    await mkdir(at('.vscode'))
    await writeFile(at('.vscode/settings.json'), Buffer.from([0x7b, 0xff, 0x7d]))
    expect((await refusal(generate())).message).to.include('.vscode/settings.json is not UTF-8')
  })

  it('are not written on a dry run, nor without a project', async () => {
    expect(states(await generate({ dryRun: true })).get('.vscode/tasks.json')).to.equal('created')
    expect(await readdir(folder.path)).to.deep.equal([])
    await generate({ project: undefined })
    expect(await readdir(folder.path)).to.deep.equal(['secure-redis'])
  })

  it('stay out of a project whose folder would mean something else in them', async () => {
    for (const name of ['a${command:x}', 'a*', 'a[b]', 'a"b']) {
      const { notes, files } = await generate({ name, dryRun: true })
      expect(notes.join('\n'), name).to.include("the folder's name cannot stand in them")
      expect(
        files.filter(({ place }) => place === 'project'),
        name,
      ).to.deep.equal([])
    }
    const { files } = await generate({ name: "it's (näh) #1", dryRun: true })
    const tasksFile = files.find(({ path }) => path === '.vscode/tasks.json')
    expect(tasksFile?.text).to.include("${workspaceFolder}/it's (näh) #1/docker-compose.dev.yml")
    expect(tasksFile?.text).to.include("secure-cache: check (it's (näh) #1)")
    // No environment file can name this folder, so there is none to name.
    expect(files.some(({ path }) => path === '.env.development')).to.equal(false)
    for (const { path, text } of files) {
      if (/(?:tasks|launch)\.json$/.test(path)) expect(text, path).not.to.include('.env.development')
    }
  })

  for (const topology of ['standalone', 'replica', 'sentinel', 'cluster']) {
    for (const target of ['container', 'local'] as const) {
      it(`name files that are there and tasks that exist, for ${topology} and target ${target}`, async () => {
        const { files } = await generate({
          settings: await freshSettings({ REDIS_TOPOLOGY: topology }),
          target,
          dryRun: true,
        })
        const there = new Set(
          files.map(({ path, place }) => (place === 'project' ? path : `secure-redis/${path}`)),
        )
        const text = (path: string): string => files.find((file) => file.path === path)?.text ?? ''
        const { tasks: all, inputs = [] } = parseJsonc(text('.vscode/tasks.json')) as {
          tasks: Task[]
          inputs?: { id: string; args: string }[]
        }
        const labels = new Set(all.map(({ label }) => label))
        expect(labels.has('secure-cache: start')).to.equal(true)
        expect(labels.has('secure-cache: create cluster')).to.equal(topology === 'cluster')
        const named = [text('.vscode/tasks.json'), text('.vscode/launch.json')]
          .flatMap((json) => [...json.matchAll(/\$\{workspaceFolder\}\/(secure-redis\/[^"]+)/g)])
          .map(([, path = '']) => path)
        expect(named.filter((path) => !there.has(path) && !path.includes('/data/'))).to.deep.equal([])
        expect(named.length).to.be.greaterThan(1)
        for (const { args } of inputs) expect(labels.has(args), args).to.equal(true)
        for (const { dependsOn = [] } of all)
          for (const label of dependsOn) expect(labels.has(label)).to.equal(true)
        const asked = [...text('.vscode/tasks.json').matchAll(/\$\{input:([^}]+)\}/g)].map(([, id]) => id)
        expect(asked).to.deep.equal(inputs.map(({ id }) => id))
        if (target === 'container') expectContainer(files, topology)
        else expect(there.has('.devcontainer/devcontainer.json')).to.equal(false)
      })
    }
  }

  /** The development container: what its two Compose files say together. */
  function expectContainer(files: GenerateResult['files'], topology: string): void {
    const text = (path: string): string => files.find((file) => file.path === path)?.text ?? ''
    const container = parseJsonc(text('.devcontainer/devcontainer.json')) as DevContainer
    expect(container.dockerComposeFile).to.deep.equal([
      '../secure-redis/docker-compose.yml',
      '../secure-redis/docker-compose.devcontainer.yml',
    ])
    const base = parseYaml(text('docker-compose.yml'), { merge: true }) as {
      services: object
      networks: object
    }
    const { services, networks } = parseYaml(text('docker-compose.devcontainer.yml')) as {
      services: Record<
        string,
        { environment: Record<string, string>; networks: string[]; depends_on: Record<string, unknown> }
      >
      networks: object
    }
    const workspace = services[container.service]
    expect(
      Object.keys(workspace?.depends_on ?? {}).filter((name) => !Object.hasOwn(base.services, name)),
    ).to.deep.equal([])
    const known = new Set([...Object.keys(base.networks), ...Object.keys(networks)])
    expect(workspace?.networks.filter((name) => !known.has(name))).to.deep.equal([])
    const environment = workspace?.environment ?? {}
    const mounted = new Set(files.map(({ path }) => path.replace(/^app\//, '/run/secure-redis/')))
    const secrets = Object.entries(environment).filter(([name]) => name.endsWith('_FILE'))
    expect(secrets.length).to.be.greaterThan(5)
    expect(secrets.filter(([, path]) => !mounted.has(path))).to.deep.equal([])
    const place = { sentinel: 'REDIS_SENTINELS', cluster: 'REDIS_CLUSTER_NODES' }[topology] ?? 'REDIS_HOST'
    expect(environment[place]).to.match(/^redis(?:-1)?$|^(?:sentinel|redis)-1:\d+,/)
  }

  it('have a Compose file of the development container that the specification and our own rules accept', async () => {
    await generate()
    const schema = JSON.parse(await readFile(SCHEMA, 'utf8')) as object
    const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schema)
    const compose: unknown = parseYaml(await read('secure-redis/docker-compose.devcontainer.yml'))
    expect(validate(compose), JSON.stringify(validate.errors)).to.equal(true)
    const facts = await readFolderFacts(at('secure-redis'), { now: Date.now(), display: (path) => path })
    expect(auditFolder(facts).findings).to.deep.equal([])
  })

  it('leave a development container of the project alone, and put ours beside it', async () => {
    const theirs = '{ "image": "theirs" }\n'
    await put({ '.devcontainer/devcontainer.json': theirs })
    await generate()
    expect(await read('.devcontainer/devcontainer.json')).to.equal(theirs)
    const ours = parseJsonc(await read('.devcontainer/secure-redis/devcontainer.json')) as DevContainer
    for (const path of ours.dockerComposeFile) {
      expect(existsSync(join(at('.devcontainer/secure-redis'), path)), path).to.equal(true)
    }
    const first = await contentsOf(folder.path)
    await generate()
    expect(await contentsOf(folder.path)).to.deep.equal(first)
  })

  describe('after a run that was killed', () => {
    async function decided(record: readonly unknown[]): Promise<void> {
      await mkdir(at('secure-redis/.pending'), { recursive: true })
      for (const index of record.keys()) await writeFile(at(`secure-redis/.pending/${index}`), 'pending\n')
      await writeFile(at('secure-redis/.pending/commit.json'), JSON.stringify(record))
    }
    const finish = (project: string | undefined): Promise<void> =>
      finishInterrupted({ out: at('secure-redis'), project })

    it('are put into the project that was meant, and into no other', async () => {
      await mkdir(at('.vscode'))
      const record = ['README.md', { project: folder.path, path: '.vscode/tasks.json' }]
      await decided(record)
      await finish(folder.path)
      expect(await read('.vscode/tasks.json')).to.equal('pending\n')
      await rm(at('.vscode/tasks.json'))
      for (const other of [at('secure-redis'), undefined]) {
        await decided(record)
        await finish(other)
        expect(await readdir(at('.vscode'))).to.deep.equal([])
        expect(await readdir(at('secure-redis'))).to.deep.equal(['README.md'])
      }
    })

    it('are nothing but files of an editor, whatever a record says', async () => {
      for (const path of [
        '.bashrc',
        '.vscode/../.bashrc',
        '/etc/passwd',
        '.vscode/a/b.json',
        '.git/config',
      ]) {
        await decided([{ project: folder.path, path }])
        await finish(folder.path)
        expect([...(await contentsOf(folder.path)).keys()], path).to.deep.equal([])
      }
    })
  })

  it('reach a project on another file system than the output', async function () {
    const other = '/dev/shm'
    const far = existsSync(other) && (await stat(other)).dev !== (await stat(tmpdir())).dev
    // Nothing but a second file system can show it.
    if (!far) this.skip()
    const project = await mkdtemp(join(other, 'secure-cache-project-'))
    try {
      const options = { folder: project, generateWords: [], force: false }
      await generate({ project: options })
      expect(await readdir(join(project, '.vscode'))).to.have.members([
        'extensions.json',
        'launch.json',
        'secure-cache.code-snippets',
        'settings.json',
        'tasks.json',
      ])
      const first = await contentsOf(project)
      await generate({ project: options })
      expect(await contentsOf(project)).to.deep.equal(first)
    } finally {
      await rm(project, { recursive: true, force: true })
    }
  })
})
