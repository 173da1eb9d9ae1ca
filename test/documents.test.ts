import { existsSync, readFileSync } from 'node:fs'
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

describe('the documents', () => {
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

  it('name no machine of their authors', () => {
    for (const { path, text } of documents) {
      expect(text, path).not.to.match(/\/(?:home|Users|root|work)\//)
    }
  })
})
