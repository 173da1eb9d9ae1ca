import { expect } from 'chai'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'mocha'
import type { Redis } from 'ioredis'
import { renewDisk } from '../../../lib/migration/disk.js'
import { startOpenRedis, type OpenRedis } from '../../support/open-redis.js'
import { startRedis } from '../../support/redis-server.js'
import { refused } from '../../support/refused.js'
import { until } from '../../support/until.js'

const PLAIN = 'a value that was plain'

function fieldsOf(info: string): ReadonlyMap<string, string> {
  return new Map(info.split('\r\n').map((line) => [line.split(':')[0] ?? '', line.split(':')[1] ?? '']))
}

describe('a server that keeps its values on disk @once', () => {
  let open: OpenRedis
  let inside: Redis

  before(async () => {
    open = await startOpenRedis({ config: { appendonly: 'yes', save: '3600 1' } })
    inside = open.insider()
    await inside.set('app::k', JSON.stringify(PLAIN))
    await inside.call('SAVE')
    await until('the value is on disk', async () => (await filesWith(PLAIN)).length === 2, 30_000)
  })
  after(() => open.stop())

  it('holds sealed values there too, once they are sealed', async () => {
    const notes: string[] = []
    const tell = (event: { type: string; text?: string }): void => {
      if (event.type === 'note') notes.push(event.text ?? '')
    }
    await open.migration({ tell }).run({ through: 'encryption' })
    expect(notes.join()).to.include('files on disk hold sealed values now (BGREWRITEAOF, BGSAVE)')
    // The server removes the older part of its append-only file in a thread of its own.
    await until('no file holds the plain value', async () => (await filesWith(PLAIN)).length === 0, 30_000)
  })

  it('is said to have failed, with what to do, where the server cannot write them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'no-disk-'))
    const server = await startRedis({
      transport: 'unix',
      access: 'none',
      config: { save: '3600 1', dir: folder },
    })
    await rm(folder, { recursive: true })
    try {
      const client = server.admin()
      const ask = (command = '', ...words: string[]): Promise<unknown> => client.call(command, words)
      const failing = renewDisk(
        {
          ask,
          state: async () => ({ config: new Map([['save', '3600 1']]), users: new Map() }),
          info: async () => fieldsOf(await client.info('persistence')),
        },
        { pollMs: 10 },
      )
      const { code, message } = await refused(failing)
      expect(code).to.equal('ERR_MIGRATION_CHECK')
      expect(message).to.match(/could not write its files anew \(BGSAVE\).*CONFIG SET save/)
    } finally {
      await server.stop()
    }
  })

  /** Names of files under the server's folder that hold this text. */
  async function filesWith(text: string): Promise<readonly string[]> {
    const { folder } = open.server
    const names = await readdir(folder, { recursive: true })
    const found = await Promise.all(
      names.map(async (name) => {
        const bytes = await readFile(join(folder, name)).catch(() => Buffer.alloc(0))
        return bytes.includes(text) ? [name] : []
      }),
    )
    return found.flat()
  }
})
