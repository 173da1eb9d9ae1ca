import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { parse } from 'yaml'
import { anchorsOf, linksOf, readDocuments } from './support/documents.js'

const root = join(import.meta.dirname, '..', '..')
const documents = readDocuments(root)
const byPath = new Map(documents.map((document) => [document.path, document]))
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

describe('the documents @once', () => {
  it('link to files and headings that are there', () => {
    const broken = documents.flatMap((document) =>
      linksOf(document)
        .filter(({ path, anchor }) => {
          const target = path === '' ? document.path : normalize(join(dirname(document.path), path))
          if (!existsSync(join(root, target))) return true
          const other = byPath.get(target)
          return anchor !== undefined && other !== undefined && !anchorsOf(other).has(anchor)
        })
        .map(({ path, anchor }) => `${document.path}: ${path}#${anchor ?? ''}`),
    )
    expect(broken).to.deep.equal([])
  })

  it('name only npm scripts that exist', () => {
    const unknown = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/npm run ([\w:-]+)/g)]
        .map(([, name = '']) => name)
        .filter((name) => !Object.hasOwn(scripts, name))
        .map((name) => `${path}: npm run ${name}`),
    )
    expect(unknown).to.deep.equal([])
  })

  it('show JSON and YAML that parse', () => {
    for (const { path, fences } of documents) {
      for (const { language, code } of fences) {
        if (language === 'json') expect(() => JSON.parse(code) as unknown, `${path}: ${code}`).not.to.throw()
        if (language === 'yaml') expect(() => parse(code) as unknown, `${path}: ${code}`).not.to.throw()
      }
    }
  })

  it('are there where the code cites them', () => {
    const sources = ['lib', 'middleware', 'generators', 'cli', 'scripts'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
        join(folder, path),
      ),
    )
    const missing = sources
      .filter((path) => /\.(?:ts|mjs)$/.test(path))
      .flatMap((path) =>
        [...readFileSync(join(root, path), 'utf8').matchAll(/[\w/-]+\.md\b/g)]
          .map(([name]) => name)
          .filter(
            (name) =>
              ![name, `docs/${name}`, `config-templates/${name}.hbs`].some((at) =>
                existsSync(join(root, at)),
              ),
          )
          .map((name) => `${path}: ${name}`),
      )
    expect(missing).to.deep.equal([])
  })

  it('name no machine of their authors', () => {
    for (const { path, text } of documents) {
      expect(text, path).not.to.match(/\/(?:home|Users|root|work)\//)
    }
  })
})
