import { execFileSync } from 'node:child_process'
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { readSecretFile } from '../../../lib/settings/secret-file.js'

describe('readSecretFile', () => {
  let folder: string
  const file = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'canary-path-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  for (const [content, text] of [
    ['secret', 'secret'],
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    ['secret\n\n', 'secret\n'],
    [' secret ', ' secret '],
    ['\ufeffsecret', 'secret'],
    ['größe🦊', 'größe🦊'],
    ['', ''],
    ['\n', ''],
  ] as const) {
    it(`reads ${JSON.stringify(content)} as ${JSON.stringify(text)}`, () => {
      expect(readSecretFile(file('plain', content))).to.deep.equal({ text })
    })
  }

  it('follows links, as Kubernetes mounts secrets', () => {
    symlinkSync(file('target', 'secret'), join(folder, 'link'))
    expect(readSecretFile(join(folder, 'link'))).to.deep.equal({ text: 'secret' })
  })

  it('tells why a file cannot be read, and never its path', () => {
    mkdirSync(join(folder, 'directory'))
    execFileSync('mkfifo', [join(folder, 'pipe')])
    truncateSync(file('large', ''), 1_048_577)
    for (const [path, reason] of [
      [join(folder, 'missing'), 'does not exist'],
      [join(file('plain', 'x'), 'below'), 'does not exist'],
      [join(folder, 'directory'), 'not a regular file'],
      ['/dev/null', 'not a regular file'],
      [join(folder, 'large'), 'larger than 1 MiB'],
      [file('binary', Uint8Array.of(0x61, 0xff, 0xfe)), 'not UTF-8 text'],
      [`${folder}\u0000`, 'cannot be read'],
    ] as const) {
      const read = readSecretFile(path)
      expect(read).to.have.property('failure').that.includes(reason).and.does.not.include('canary-path')
    }
  })

  it('tells a missing file from an unreadable one', () => {
    expect(readSecretFile(join(folder, 'missing'))).to.have.property('missing', true)
    expect(readSecretFile('/dev/null')).to.have.property('missing', false)
  })
})
