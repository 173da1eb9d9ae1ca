import { expect } from 'chai'
import type { Redis } from 'ioredis'
import { after, before, describe, it } from 'mocha'
import { ROLES, aclLine, commandsOf } from '../../../lib/access/roles.js'
import { STANDALONE_ROLES } from '../../../generators/catalogue.js'
import { ADMIN, connectWith } from '../../support/generated-client.js'
import { bootGenerated, type BootedFolder } from '../../support/generated-folder.js'

/** Flagged as usable before any login, so that no ACL can deny them (acl.c, CMD_NO_AUTH). */
const ALWAYS_ALLOWED = new Set(['auth', 'hello', 'quit', 'reset'])

const VERSION = { product: 'redis', major: 7, minor: 0 } as const

interface ServerCommand {
  /** As ACL rules write it: `get`, `config|set`. */
  readonly name: string
  /** The command with as many arguments as it needs at least. */
  readonly words: readonly string[]
}

/** Every command and subcommand that the server has. */
async function serverCommands(admin: Redis): Promise<readonly ServerCommand[]> {
  const entries = (await admin.call('COMMAND')) as [string, number, ...unknown[]][]
  return entries.flatMap((entry) => {
    const [name, arity] = entry
    const subcommands = (entry.at(9) ?? []) as [string, number][]
    if (subcommands.length === 0) return [{ name, words: [name, ...filler(arity, 1)] }]
    return subcommands.map(([subname, subarity]) => {
      const sub = subname.split('|')[1] ?? ''
      return { name: subname, words: [name, sub, ...filler(subarity, 2)] }
    })
  })
}

/** A key that the cache may use, so that a denial is about the command and not about the key. */
function filler(arity: number, given: number): readonly string[] {
  return Array.from({ length: Math.abs(arity) - given }, () => 'ai_cache:filler')
}

describe('the rights of each role on a real server @once', () => {
  let booted: BootedFolder
  let admin: Redis
  let commands: readonly ServerCommand[]

  before(async () => {
    booted = await bootGenerated()
    admin = await connectWith(booted, ADMIN)
    commands = await serverCommands(admin)
    // A single server has no users for other topologies: their lines are tried all the same.
    for (const { role, username } of ROLES) {
      if (STANDALONE_ROLES.includes(role)) continue
      const line = aclLine(role, {
        username,
        passwordHashes: ['0'.repeat(64)],
        keyPrefix: 'ai_cache:',
        ownPrefix: 'own:',
        version: VERSION,
      })
      await admin.call('ACL', 'SETUSER', ...line.split(' ').slice(1))
    }
  })
  after(async () => {
    admin.disconnect()
    await booted.stop()
  })

  async function verdict(user: string, words: readonly string[]): Promise<string> {
    try {
      return String(await admin.call('ACL', 'DRYRUN', user, ...words))
    } catch (error) {
      return error instanceof Error ? error.message : 'unknown'
    }
  }

  it('knows far more commands than any role has', () => {
    expect(commands.length).to.be.greaterThan(300)
  })

  for (const { role, username } of ROLES) {
    it(`allows ${role} the commands of the table and no other`, async () => {
      const listed = commandsOf(role, { version: VERSION })
      const allowed: string[] = []
      for (const { name, words } of commands) {
        const said = await verdict(username, words)
        // A denied key or channel comes after the command was allowed.
        if (said === 'OK' || / access (?:the|one of the) /.test(said)) allowed.push(name)
        else expect(said, name).to.match(/has no permissions to run/)
      }
      const expected =
        listed === 'all'
          ? commands.map(({ name }) => name)
          : [...listed, ...commands.map(({ name }) => name).filter((name) => ALWAYS_ALLOWED.has(name))]
      expect(allowed.toSorted()).to.deep.equal([...expected].toSorted())
    })
  }

  it('names only commands that the server has', () => {
    const names = new Set(commands.map(({ name }) => name))
    for (const { role } of ROLES) {
      const listed = commandsOf(role, { version: VERSION, features: ['cluster'] })
      if (listed === 'all') continue
      expect(
        listed.filter((command) => !names.has(command)),
        role,
      ).to.deep.equal([])
    }
  })

  it('keeps the cache within its prefix, for reading and writing', async () => {
    for (const words of [
      ['get', 'ai_cache:k'],
      ['set', 'ai_cache:k', 'v'],
      ['mget', 'ai_cache:a', 'ai_cache:b'],
    ]) {
      expect(await verdict('cache_service', words)).to.equal('OK')
    }
    for (const words of [
      ['get', 'ai_cachf:k'],
      ['get', 'ai_cache'],
      ['get', 'AI_CACHE:k'],
      ['mget', 'ai_cache:a', 'other:b'],
      ['set', 'health:x', 'v'],
    ]) {
      expect(await verdict('cache_service', words), words.join(' ')).to.match(/ access /)
    }
  })

  it('lets users without keys reach none, and nobody but admin any channel', async () => {
    const channel = await verdict('admin', ['publish', 'anything', 'x'])
    expect(channel).to.equal('OK')
    for (const role of STANDALONE_ROLES.filter((name) => name !== 'admin')) {
      const user = String(
        await admin.call('ACL', 'GETUSER', ROLES.find((entry) => entry.role === role)?.username ?? ''),
      )
      expect(user, role).to.match(/channels,,/)
    }
  })

  it('has the default user off, with no right at all', async () => {
    const facts = String(await admin.call('ACL', 'GETUSER', 'default'))
    expect(facts)
      .to.match(/^flags,off/)
      .and.match(/commands,-@all,keys,,channels,,/)
  })
})
