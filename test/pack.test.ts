import { readFileSync } from 'node:fs'
import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { run, succeed } from './support/run.js'

const root = join(import.meta.dirname, '..', '..')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
const sources = join(root, 'test', 'packages')

/** What an application has beside the package, for each line of Express that it supports. */
const APPLICATIONS = [
  {
    title: 'Express 5',
    packages: ['express@^5', '@types/express@^5', '@types/node@^20'],
  },
  {
    title: 'Express 4',
    packages: ['express@4.21.2', '@types/express@4.17.21', '@types/node@^20'],
  },
] as const

/** What `import 'express-secure-cache'` must not load (docs/decisions/0005-peers-and-lazy-loading.md). */
const LOADED_WHEN_NEEDED = ['handlebars', '@peculiar/x509', 'nodemailer', 'prom-client']

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  skipLibCheck: false,
  esModuleInterop: true,
  target: 'es2022',
  lib: ['es2023'],
  types: ['node'],
  noEmit: true,
}

/** How compilers find declarations; `node` is what TypeScript 5 calls the way that does not read `exports`. */
const RESOLUTIONS = {
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
} as const
const OLD_RESOLUTIONS = {
  nodenext: RESOLUTIONS.nodenext,
  node: { module: 'esnext', moduleResolution: 'node' },
} as const

async function install(project: string, packages: readonly string[]): Promise<void> {
  const options = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund']
  await succeed('npm', ['install', ...options, ...packages], { cwd: project })
}

describe('the packed package', () => {
  let folder: string
  let tarball: string
  let packed: readonly string[]
  const projects = new Map<string, Promise<string>>()

  const installed = async (packages: readonly string[]): Promise<string> => {
    const project = await mkdtemp(join(folder, 'project-'))
    await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }')
    await install(project, [tarball, ...packages])
    return project
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'secure-cache-pack-'))
    // What runs here is already compiled: building again could only disturb the tests beside this one.
    const said = await succeed('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: root,
    })
    const [result] = JSON.parse(said) as { filename: string; files: { path: string }[] }[]
    if (result === undefined) throw new Error('npm pack made no tarball')
    tarball = join(folder, result.filename)
    packed = result.files.map(({ path }) => path)
    // While the first tests run: it mostly waits for the network.
    const project = installed(APPLICATIONS[0].packages)
    project.catch(() => undefined)
    projects.set(APPLICATIONS[0].title, project)
  })

  after(async () => {
    await Promise.allSettled(projects.values())
    await rm(folder, { recursive: true, force: true })
  })

  it('holds what runs and what explains, and neither tests nor sources', () => {
    expect(packed).to.include.members([
      'package.json',
      'README.md',
      'LICENSE',
      'SECURITY.md',
      'CHANGELOG.md',
      '.env.example',
      'dist/middleware/index.js',
      'dist/middleware/index.d.ts',
      'dist/lib/index.js',
      'dist/generators/index.js',
      'dist/cli/secure-cache.js',
    ])
    expect(packed.some((path) => /^config-templates\/.*\.hbs$/.test(path))).to.equal(true)
    const strangers = packed.filter(
      (path) =>
        !/^(?:dist\/(?:lib|middleware|generators|cli)\/.+\.(?:js|js\.map|d\.ts)|config-templates\/.+)$/.test(
          path,
        ) &&
        !['package.json', 'README.md', 'LICENSE', 'SECURITY.md', 'CHANGELOG.md', '.env.example'].includes(
          path,
        ),
    )
    expect(strangers).to.deep.equal([])
  })

  it('passes publint without a remark @once', async () => {
    const { buffer } = new Uint8Array(await readFile(tarball))
    const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).to.deep.equal([])
  })

  it('resolves its types in every way that compilers know @once', async () => {
    // ECMAScript modules alone is what we mean; that CommonJS can load them all the same is tested below.
    const attw = join(root, 'node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js')
    const { status, stdout } = await run(
      process.execPath,
      [
        attw,
        tarball,
        '--ignore-rules',
        'cjs-resolves-to-esm',
        '--format',
        'ascii',
        '--no-color',
        '--no-emoji',
      ],
      { cwd: folder },
    )
    expect(status, stdout).to.equal(0)
  }).timeout(120_000)

  for (const { title, packages } of APPLICATIONS) {
    // That it runs on Express 4 the tests of the middleware show on every Node.
    const where = title === 'Express 5' ? '' : ' @once'
    describe(`installed beside ${title}${where}`, () => {
      let project: string
      const node = (file: string): Promise<string> => succeed(process.execPath, [file], { cwd: project })

      before(async function () {
        this.timeout(180_000)
        project = await (projects.get(title) ?? installed(packages))
        for (const file of ['app.mjs', 'app.cjs', 'strict.ts']) {
          await copyFile(join(sources, file), join(project, file))
        }
      })

      it('serves an application that is a module', async () => {
        expect(await node('app.mjs')).to.equal('module: fine\n')
      })

      it('serves an application in CommonJS', async () => {
        expect(await node('app.cjs')).to.equal('commonjs: fine\n')
      })

      it('brings its command, whole, for any working directory', async () => {
        const command = join(project, 'node_modules', '.bin', 'secure-cache')
        const away = await mkdtemp(join(folder, 'working-'))
        const tell = (...words: readonly string[]): Promise<string> => succeed(command, words, { cwd: away })
        expect(await tell('--version')).to.equal(`${version}\n`)
        // The newest line of Express stands for both: the command does not know it.
        if (title !== 'Express 5') return
        expect(await tell('init', '--yes')).to.include('created .vscode/tasks.json')
        expect(await tell('generate-config')).to.equal('')
        expect(await tell('check')).to.equal('')
        for (const words of [
          ['certs', 'show'],
          ['explain', 'NET-001'],
          ['keys', '--help'],
          ['verify', '--help'],
        ]) {
          expect(await tell(...words), words.join(' ')).not.to.equal('')
        }
        const tasks = await readFile(join(away, '.vscode', 'tasks.json'), 'utf8')
        const [, program = ''] = /\$\{workspaceFolder\}\/(node_modules\/[^"]+)/.exec(tasks) ?? []
        expect(await succeed(process.execPath, [program, '--version'], { cwd: project })).to.equal(
          `${version}\n`,
        )
      }).timeout(120_000)

      it('loads nothing that only the generator, mail or metrics need', async () => {
        const modules = join(project, 'node_modules')
        const away = await mkdtemp(join(folder, 'away-'))
        const moved = LOADED_WHEN_NEEDED.slice(0, 2)
        for (const [index, name] of moved.entries())
          await rename(join(modules, name), join(away, String(index)))
        try {
          for (const entry of ['express-secure-cache', 'express-secure-cache/cache']) {
            await writeFile(
              join(project, 'load.mjs'),
              `import '${entry}'\nfor (const name of ${JSON.stringify(LOADED_WHEN_NEEDED)})\n  await import(name).then(() => { throw new Error(name + ' is there') }, () => {})\nconsole.log('loaded')\n`,
            )
            expect(await node('load.mjs')).to.equal('loaded\n')
          }
        } finally {
          for (const [index, name] of moved.entries())
            await rename(join(away, String(index)), join(modules, name))
        }
      })

      const compiles = async (compiler: string, options: object): Promise<void> => {
        await writeFile(
          join(project, 'tsconfig.json'),
          JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files: ['strict.ts'] }),
        )
        const { status, stdout } = await run(process.execPath, [compiler, '-p', project], { cwd: project })
        expect(status, stdout).to.equal(0)
      }
      for (const [name, options] of Object.entries(RESOLUTIONS)) {
        it(`compiles under strict TypeScript with resolution ${name} @once`, async () => {
          await compiles(join(root, 'node_modules', 'typescript', 'bin', 'tsc'), options)
        }).timeout(120_000)
      }

      // The newest line of Express stands for both.
      if (title !== 'Express 5') return
      describe('and TypeScript 5 @once', () => {
        before(async function () {
          this.timeout(180_000)
          await install(project, ['old-typescript@npm:typescript@5.6.3'])
        })

        for (const [name, options] of Object.entries(OLD_RESOLUTIONS)) {
          it(`compiles with resolution ${name}`, async () => {
            await compiles(join(project, 'node_modules', 'old-typescript', 'bin', 'tsc'), options)
          }).timeout(120_000)
        }
      })
    })
  }
})
