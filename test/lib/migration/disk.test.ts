import { expect } from 'chai'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'mocha'
import type { Redis } from 'ioredis'
import { startOpenRedis, type OpenRedis } from '../../support/open-redis.js'
import { until } from '../../support/until.js'

const PLAIN = 'a value that was plain'

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
