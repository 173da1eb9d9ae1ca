import { expect } from 'chai'
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { KeyRing } from '../../../lib/crypto/key-ring.js'
import { FolderLock } from '../../../lib/migration/folder-lock.js'
import { Journal } from '../../../lib/migration/journal.js'
import type { JournalRecord } from '../../../lib/migration/records.js'
import { Secret } from '../../../lib/settings/secret.js'
import { refused } from '../../support/refused.js'

const keyRing = ringOf('11')
const RECORD: JournalRecord = {
  type: 'intent',
  step: 'authentication',
  side: 'contract',
  index: 0,
  before: 'requirepass-in-clear',
}
const NEXT: JournalRecord = { type: 'undone', step: 'tls', side: 'expand', index: 3 }

describe('the journal of a migration', () => {
  let folder: string
  let path: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'journal-'))
    path = join(folder, 'journal')
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('gives back what was written, in order, to whoever has the key', async () => {
    await written(RECORD, NEXT)
    expect(await Journal.read({ folder, keyRing })).to.deep.equal([RECORD, NEXT])
  })

  it('holds nothing in clear, for its owner alone', async () => {
    await written(RECORD)
    expect(await readFile(path, 'latin1')).not.to.match(/requirepass|authentication|intent/)
    expect((await stat(path)).mode & 0o777).to.equal(0o600)
  })

  it('cuts off a last line that was torn by a crash, wherever it was torn, and goes on behind it', async () => {
    await written(RECORD)
    const whole = await readFile(path, 'latin1')
    await written(NEXT)
    const longer = await readFile(path, 'latin1')
    for (let end = whole.length; end < longer.length; end += 7) {
      await writeFile(path, longer.slice(0, end))
      expect(await Journal.read({ folder, keyRing })).to.deep.equal([RECORD])
      await written(NEXT)
      expect(await Journal.read({ folder, keyRing })).to.deep.equal([RECORD, NEXT])
    }
  })

  it('begins anew where not even its first line is whole', async () => {
    await writeFile(path, 'secure-cache-migr')
    await written(RECORD)
    expect(await Journal.read({ folder, keyRing })).to.deep.equal([RECORD])
  })

  it('refuses records that were altered, moved, left out or copied from another migration', async () => {
    await written(RECORD, NEXT, RECORD)
    const [head = '', one = '', two = '', three = ''] = (await readFile(path, 'latin1')).split('\n')
    const flipped = `${one.slice(0, 90)}${one[90] === 'A' ? 'B' : 'A'}${one.slice(91)}`
    const otherHead = head.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))
    for (const lines of [
      [head, flipped, two, three],
      [head, two, one, three],
      [head, one, three],
      [head, one, one, two],
      [otherHead, one, two, three],
      ['something else', one],
    ]) {
      await writeFile(path, `${lines.join('\n')}\n`)
      expect((await refused(Journal.read({ folder, keyRing }))).code).to.equal('ERR_MIGRATION_JOURNAL')
    }
  })

  it('says which setting is wrong where its key is not in the ring', async () => {
    await written(RECORD)
    const { code, message } = await refused(Journal.read({ folder, keyRing: ringOf('22') }))
    expect(code).to.equal('ERR_MIGRATION_JOURNAL')
    expect(message).to.include('REDIS_ENCRYPTION_ACCEPTED_KEYS')
    await appendFile(path, '')
    expect(await Journal.read({ folder, keyRing })).to.deep.equal([RECORD])
  })

  it('is sealed anew under the key that seals, record by record, and opens without the old one', async () => {
    await written(RECORD, NEXT)
    const hold = await FolderLock.take(folder)
    const rotated = ringOf('22', '11')
    await Journal.reseal({ folder, keyRing: rotated, hold })
    expect([...((await Journal.keyIds(folder)) ?? [])]).to.deep.equal([rotated.primaryId])
    expect(await Journal.read({ folder, keyRing: ringOf('22') })).to.deep.equal([RECORD, NEXT])
    expect((await refused(Journal.reseal({ folder, keyRing, hold }))).code).to.equal('ERR_MIGRATION_JOURNAL')
    const journal = await Journal.open({ folder, keyRing: ringOf('22'), hold })
    await journal.append(RECORD)
    await journal.close()
    await hold.release()
    expect(await Journal.read({ folder, keyRing: ringOf('22') })).to.deep.equal([RECORD, NEXT, RECORD])
  })

  it('makes room for another migration once this one is undone', async () => {
    const hold = await FolderLock.take(folder)
    const journal = await Journal.open({ folder, keyRing, hold })
    await journal.append(RECORD)
    await journal.retire()
    expect(await Journal.read({ folder, keyRing })).to.equal(undefined)
    const next = await Journal.open({ folder, keyRing, hold })
    expect(next.id).not.to.equal(journal.id)
    await next.close()
    await hold.release()
  })

  it('takes no record from whoever has lost the folder to another run, and stays whole', async () => {
    const hold = await FolderLock.take(folder)
    const journal = await Journal.open({ folder, keyRing, hold })
    await journal.append(RECORD)
    await writeFile(join(folder, 'lock-2'), '')
    for (const late of [
      () => journal.append(NEXT),
      () => journal.retire(),
      () => Journal.open({ folder, keyRing, hold }),
    ]) {
      expect((await refused(late())).code).to.equal('ERR_MIGRATION_LOCKED')
    }
    await journal.close()
    await hold.release()
    expect(await Journal.read({ folder, keyRing })).to.deep.equal([RECORD])
  })

  async function written(...records: readonly JournalRecord[]): Promise<void> {
    const hold = await FolderLock.take(folder)
    const journal = await Journal.open({ folder, keyRing, hold })
    for (const record of records) await journal.append(record)
    await journal.close()
    await hold.release()
  }
})

function ringOf(byte: string, ...accepted: readonly string[]): KeyRing {
  const [key, ...acceptedKeys] = [byte, ...accepted].map((text) => new Secret(text.repeat(32)))
  return KeyRing.create({ enabled: true, key, acceptedKeys })
}
