import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { LEVEL_OF_SEVERITY } from '../../lib/audit/level.js'
import { findRule, RULES } from '../../lib/audit/rules.js'
import { ACL_BREACHES } from './breaches/acl.js'
import type { Breach } from './breaches/breach.js'
import { COMPOSE_BREACHES } from './breaches/compose.js'
import { CONF_BREACHES } from './breaches/conf.js'
import { ENV_BREACHES } from './breaches/env.js'
import { seen, wanted, Workshop } from './workshop.js'

const SOURCES = join(import.meta.dirname, '..', '..', '..', 'test', 'audit')

const levelOf = (id: string): string => LEVEL_OF_SEVERITY[findRule(id)?.severity ?? 'critical']

async function commit(workshop: Workshop, breach: Omit<Breach, 'title'>): Promise<void> {
  const { file, swap, append, mode, also = [] } = breach
  // Markers count from the text as it will be: what stands elsewhere changes first.
  for (const other of also) await commit(workshop, other)
  if (swap !== undefined) await workshop.swap(file, swap)
  if (append !== undefined) await workshop.write(file, (await workshop.read(file)) + append)
  if (mode !== undefined) await workshop.write(file, await workshop.read(file), mode)
}

describe('the rules @once', () => {
  it('find nothing in a hardened configuration', async () => {
    const workshop = await Workshop.create('hardened')
    try {
      const report = await workshop.check()
      expect(report.findings).to.deep.equal([])
      expect(report.remarks).to.deep.equal([])
      expect(report.files).to.equal(4)
    } finally {
      await workshop.close()
    }
  })

  const groups = {
    'redis.conf': CONF_BREACHES,
    'users.acl': ACL_BREACHES,
    'an environment file': ENV_BREACHES,
    'a Compose file': COMPOSE_BREACHES,
  }
  for (const [where, breaches] of Object.entries(groups)) {
    describe(`in ${where}`, () => {
      let workshop: Workshop
      beforeEach(async () => {
        workshop = await Workshop.create('hardened')
      })
      afterEach(() => workshop.close())
      for (const breach of breaches) {
        it(`find exactly ${breach.title}`, async () => {
          await commit(workshop, breach)
          expect(workshop.expected, 'a breach marks what it expects').not.to.have.length(0)
          expect(seen(await workshop.check())).to.deep.equal(wanted(workshop, levelOf))
        })
      }
    })
  }

  it('are all there, each with an id of its own', () => {
    const counts = {
      AUT: 12,
      ACL: 25,
      NET: 7,
      TLS: 18,
      CFG: 15,
      LIM: 6,
      LOG: 3,
      PER: 2,
      VER: 2,
      FIL: 2,
      CMP: 23,
    }
    const ids = Object.entries(counts).flatMap(([family, count]) =>
      Array.from({ length: count }, (_, index) => `${family}-${String(index + 1).padStart(3, '0')}`),
    )
    expect(RULES.map(({ id }) => id).toSorted()).to.deep.equal(ids.toSorted())
  })

  it('are each broken by something here, where they look at files', () => {
    const sources = ['rules.test.ts', 'certificates.test.ts', 'breaches', 'zoo']
    const text = sources.map((name) => textUnder(join(SOURCES, name))).join('\n')
    const tried = [
      ...text.matchAll(/«([A-Z]{3}-\d{3})|\[([A-Z]{3}-\d{3})\]|\b(?:absent|lacking)\('([A-Z]{3}-\d{3})'/g),
    ]
    const ids = new Set(tried.flatMap((match) => match.slice(1, 4).filter((id) => id !== undefined)))
    const untried = RULES.filter(({ id, files }) => files !== undefined && !ids.has(id)).map(({ id }) => id)
    expect(untried).to.deep.equal([])
  })
})

/** The text of a file, or of every file in a folder. */
function textUnder(path: string): string {
  if (statSync(path).isFile()) return readFileSync(path, 'utf8')
  return readdirSync(path)
    .map((name) => textUnder(join(path, name)))
    .join('\n')
}
