import { expect } from 'chai'
import { describe, it } from 'mocha'
import {
  CAPABILITIES,
  RELEASES,
  formatServerVersion,
  isSupportedVersion,
  knows,
  knowsCommand,
  parseServerVersion,
  type ServerVersion,
} from '../../../lib/redis/versions.js'

function version(text: string): ServerVersion {
  const parsed = parseServerVersion(text)
  if (parsed === undefined) throw new TypeError(`not a version: ${text}`)
  return parsed
}

describe('versions', () => {
  it('reads and writes Redis and Valkey versions, with or without a patch level', () => {
    expect(parseServerVersion('7.0')).to.deep.equal({ product: 'redis', major: 7, minor: 0 })
    expect(parseServerVersion('redis-7.4.1')).to.deep.equal({ product: 'redis', major: 7, minor: 4 })
    expect(parseServerVersion('valkey-8.1')).to.deep.equal({ product: 'valkey', major: 8, minor: 1 })
    for (const { version: text } of RELEASES) expect(formatServerVersion(version(text))).to.equal(text)
  })

  it('does not read what is no version', () => {
    for (const text of ['', 'auto', '7', '7.x', 'v7.0', '7.0 ', '7.0\n', 'redict-7.3', '7.0.1.2']) {
      expect(parseServerVersion(text), text).to.equal(undefined)
    }
  })

  it('gates each entry at the release that brought it', () => {
    const cases: [string, Parameters<typeof knows>[1], boolean][] = [
      ['6.2', 'acl-pubsub-default', true],
      ['6.2', 'enable-debug-command', false],
      ['7.0', 'enable-debug-command', true],
      ['6.2', 'clearselectors', false],
      ['7.2', 'hide-user-data-from-log', false],
      ['7.4', 'hide-user-data-from-log', true],
      ['8.2', 'hide-user-data-from-log', true],
      ['valkey-7.2', 'hide-user-data-from-log', false],
      ['valkey-8.0', 'hide-user-data-from-log', true],
      ['valkey-8.0', 'clearselectors', true],
      ['7.0', 'acl_access_denied_auth', false],
      ['7.2', 'acl_access_denied_auth', true],
    ]
    for (const [text, id, expected] of cases)
      expect(knows(version(text), id), `${text} ${id}`).to.equal(expected)
  })

  it('takes a command without a row for older than every supported line', () => {
    expect(knowsCommand(version('6.2'), 'get')).to.equal(true)
    expect(knowsCommand(version('6.2'), 'acl|dryrun')).to.equal(false)
    expect(knowsCommand(version('7.0'), 'acl|dryrun')).to.equal(true)
  })

  it('supports 6.2 and later, and Valkey since its fork', () => {
    for (const { version: text } of RELEASES) expect(isSupportedVersion(version(text)), text).to.equal(true)
    for (const text of ['6.0', '5.0', 'valkey-7.0']) {
      expect(isSupportedVersion(version(text)), text).to.equal(false)
    }
  })

  it('pins an exact image of the same line for each release', () => {
    for (const { version: text, image } of RELEASES) {
      const line = text.replace('valkey-', 'valkey/valkey:').replace(/^(?=\d)/, 'redis:')
      expect(image).to.match(/:\d+\.\d+\.\d+$/)
      expect(image.startsWith(`${line}.`), text).to.equal(true)
    }
  })

  it('cites a source in every row and names each entry once', () => {
    const ids = CAPABILITIES.map(({ id }) => id)
    expect(new Set(ids).size).to.equal(ids.length)
    for (const { source } of [...CAPABILITIES, ...RELEASES]) expect(source).to.match(/\w{3}/)
  })
})
