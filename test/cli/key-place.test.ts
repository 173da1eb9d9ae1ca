import { randomBytes } from 'node:crypto'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'dotenv'
import { after, before, describe, it } from 'mocha'
import { KeyPlace } from '../../cli/key-place.js'
import { UsageError } from '../../cli/usage-error.js'
import { temporaryFolder } from '../support/generated-folder.js'
import { rejection } from '../support/rejection.js'

const newKey = (): string => randomBytes(32).toString('base64url')

describe('the place where keys are written down @once', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>

  before(async () => {
    folder = await temporaryFolder()
  })
  after(() => folder.remove())

  const at = (name: string): string => join(folder.path, name)

  it('gives the accepted keys a file beside the key, for the same readers', async () => {
    const [primary, accepted] = [newKey(), newKey()]
    await writeFile(at('key'), `${primary}\n`)
    await chmod(at('key'), 0o640)
    await writeFile(at('files.env'), `REDIS_ENCRYPTION_KEY_FILE=${at('key')}\n`)
    await chmod(at('files.env'), 0o660)
    const place = await KeyPlace.open(at('files.env'))
    await place.write({ primary, accepted: [accepted] })
    expect((await stat(at('encryption_accepted_keys'))).mode & 0o777).to.equal(0o640)
    expect((await stat(at('files.env'))).mode & 0o777).to.equal(0o660)
    const again = await KeyPlace.open(at('files.env'))
    expect(await again.read()).to.deep.equal({ primary, accepted: [accepted] })
    await again.write({ primary: accepted, accepted: [primary] })
    expect(await readFile(at('key'), 'utf8')).to.equal(`${accepted}\n`)
    expect((await stat(at('key'))).mode & 0o777).to.equal(0o640)
  })

  it('writes nothing where the settings would refuse the list afterwards, or meanwhile', async () => {
    const primary = newKey()
    const accepted = Array.from({ length: 15 }, newKey)
    const text = `REDIS_ENCRYPTION_KEY=${primary}\nREDIS_ENCRYPTION_ACCEPTED_KEYS=${accepted.join(',')}\n`
    await writeFile(at('full.env'), text)
    const place = await KeyPlace.open(at('full.env'))
    const [next = '', ...others] = accepted
    for (const keys of [
      { primary, accepted: [...accepted, newKey()] },
      // While one takes the place of the other both have to be there.
      { primary: next, accepted: [primary, ...others] },
    ]) {
      const refused = await rejection(place.write(keys))
      expect(refused).to.be.instanceOf(UsageError)
      expect(refused.message).to.match(/nothing was written.*at most 15 keys, got 16/)
    }
    expect(await readFile(at('full.env'), 'utf8')).to.equal(text)
    await place.write({ primary, accepted: others })
    const { REDIS_ENCRYPTION_ACCEPTED_KEYS: left } = parse(await readFile(at('full.env'), 'utf8'))
    expect(left).to.equal(others.join(','))
  })
})
