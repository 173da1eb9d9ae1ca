import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { startLocalServer } from '../../generators/local-server.js'
import { bootGenerated, temporaryFolder } from '../support/generated-folder.js'

async function failureOf(action: Promise<unknown>): Promise<unknown> {
  return action.then(
    () => undefined,
    (reason: unknown) => reason,
  )
}

describe('local server', () => {
  it('runs until it is stopped, and can be killed and started again on the same files', async () => {
    const booted = await bootGenerated()
    try {
      expect(process.kill(booted.server.pid, 0)).to.equal(true)
      await booted.server.kill()
      await booted.server.ended
      expect(() => process.kill(booted.server.pid, 0)).to.throw('ESRCH')
      const again = await startLocalServer({ out: booted.out })
      expect(again.output).to.match(/Ready to accept connections/)
      await again.stop()
      await again.stop()
    } finally {
      await booted.stop()
    }
  })

  it('says what the server said where it refuses its files', async () => {
    const folder = await temporaryFolder()
    try {
      await mkdir(join(folder.path, 'conf'))
      await writeFile(join(folder.path, 'conf/redis.conf'), 'no-such-directive yes\n')
      const error = await failureOf(startLocalServer({ out: folder.path }))
      expect(error).to.have.property('code', 'ERR_CONFIG_FILES')
      expect(String(error)).to.match(/ended at once \(1\)[^]*no-such-directive/)
    } finally {
      await folder.remove()
    }
  })

  it('says that the program is missing where it is', async () => {
    const error = await failureOf(startLocalServer({ out: '/tmp', binary: '/nonexistent/redis-server' }))
    expect(String(error)).to.include('cannot be started: install it')
  })
})
