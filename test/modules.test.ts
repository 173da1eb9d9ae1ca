import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { succeed } from './support/run.js'

const root = join(import.meta.dirname, '..', '..')
const dist = join(root, 'dist')
/** Runs when it is loaded: that is what a command is for. */
const PROGRAMS = ['cli/secure-cache.js']

const modules = ['lib', 'middleware', 'generators', 'cli']
  .flatMap((folder) =>
    readdirSync(join(dist, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
  )
  .filter((path) => path.endsWith('.js') && !PROGRAMS.includes(path))

describe('the modules', () => {
  // Beside what it says, it lets coverage see modules that no test loads.
  it('load one by one and export by name alone', async () => {
    for (const path of modules) {
      const loaded = (await import(pathToFileURL(join(dist, path)).href)) as object
      expect(loaded, path).to.not.have.property('default')
    }
  }).timeout(60_000)

  for (const entry of ['express-secure-cache', 'express-secure-cache/cache']) {
    it(`of ${entry} load without a timer, a socket or a signal handler`, async () => {
      const program = `
        await import('${entry}')
        await new Promise(setImmediate) // the loader's own reads are over
        const signals = process.eventNames().filter((name) => String(name).startsWith('SIG'))
        const resources = process.getActiveResourcesInfo().filter((name) => !/^(?:Pipe|TTY)Wrap$/.test(name))
        console.log(JSON.stringify([...signals, ...resources]))`
      const said = await succeed(process.execPath, ['--input-type=module', '--eval', program], { cwd: root })
      expect(said).to.equal('[]\n')
    })
  }
})
