import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Redis } from 'ioredis'
import { after, afterEach, before, describe, it } from 'mocha'
import { readServers } from '../../lib/acl/deployment.js'
import { commandsOf, roleOf } from '../../lib/access/roles.js'
import { createSecureCache } from '../../lib/create.js'
import { Envelope } from '../../lib/crypto/envelope.js'
import { describeHeader } from '../../lib/crypto/header.js'
import { KeyRing } from '../../lib/crypto/key-ring.js'
import { SecurityEvents } from '../../lib/events.js'
import type { SecureCache } from '../../lib/interface.js'
import { INSTANCE_NAMESPACE, readInstances } from '../../lib/keys/instances.js'
import { obstaclesToPromote, SLOTS_ARE_MOVING } from '../../lib/keys/rotation.js'
import { sweep, takeCensus, type SweepReport } from '../../lib/keys/sweep.js'
import type { FindKeyServers } from '../../lib/redis/key-servers.js'
import { Maintenance } from '../../lib/redis/maintenance.js'
import { readSlotMap, slotOf } from '../../lib/redis/slot-map.js'
import { Secret } from '../../lib/settings/secret.js'
import type { UserRole } from '../../lib/settings/settings.js'
import type { RunningCluster } from './cluster.js'
import { secureCache } from './command-line.js'
import { temporaryFolder } from './generated-folder.js'
import { SentCommands } from './sent-commands.js'
import { until } from './until.js'

const PREFIX = 'ai_cache:'
const VALUES = 300
const VERSION = { product: 'redis', major: 7, minor: 0 } as const
const HOUR = 3600
const LOGIN = new Set(['auth', 'hello', 'quit'])

const newKey = (): Secret => new Secret(randomBytes(32).toString('hex'))

interface Primary {
  readonly port: number
  readonly admin: Redis
  readonly id: string
}

/** What is done to all keys, where they lie on several servers. `cluster`: complete, and left so. */
export function describeKeysOnACluster(
  running: () => { readonly cluster: RunningCluster; readonly env: Readonly<Record<string, string>> },
): void {
  describe('keys of a Cluster', () => {
    const [oldKey, nextKey] = [newKey(), newKey()]
    const previous = KeyRing.create({ enabled: true, key: oldKey, acceptedKeys: [] })
    const ring = KeyRing.create({ enabled: true, key: nextKey, acceptedKeys: [oldKey] })
    const names = Array.from({ length: VALUES }, (_, index) => `seed:${index}`)
    let primaries: readonly Primary[]
    let maintenance: Maintenance
    let find: FindKeyServers
    const caches: SecureCache[] = []

    before(async () => {
      const { cluster } = running()
      const all = await Promise.all(
        cluster.nodes.map(async (node) => {
          const admin = node.admin()
          return {
            port: node.port,
            admin,
            id: await admin.cluster('MYID'),
            role: await admin.info('replication'),
          }
        }),
      )
      primaries = all.filter(({ role }) => role.includes('role:master'))
      maintenance = new Maintenance({
        settings: cluster.settings,
        user: cluster.nodes[0].users.maintenance,
        events: new SecurityEvents(),
        stepTimeoutMs: 30_000,
      })
      find = () => maintenance.find('test')
      await flush()
    })
    afterEach(async () => {
      await Promise.all(caches.splice(0).map((cache) => cache.close()))
      await flush()
    })
    after(() => maintenance.close())

    const flush = () => Promise.all(primaries.map((node) => node.admin.flushall()))
    /** The node that answers for the key. */
    const ownerOf = async (key: string): Promise<Primary> => (await owners())(key)
    const owners = async (): Promise<(key: string) => Primary> => {
      const [node] = primaries
      const map =
        node && readSlotMap(await node.admin.call('CLUSTER', 'SLOTS'), { host: '127.0.0.1', port: node.port })
      return (key) => {
        const owner = map?.ownerOf(slotOf(key))
        const found = primaries.find(({ port }) => port === owner?.port)
        if (found === undefined) throw new Error('no node has the key')
        return found
      }
    }
    const seed = async (): Promise<void> => {
      const sealing = new Envelope({ keyRing: previous }).namespace(PREFIX, '')
      const issuedAt = Math.floor(Date.now() / 1000) - HOUR
      const owner = await owners()
      await Promise.all(
        names.map(async (name) => {
          const sealed = sealing.seal(name, Buffer.from(`"${name}"`), {
            codec: 'json',
            lifetimeSeconds: 2 * HOUR,
            issuedAt,
          })
          const key = `${PREFIX}:${name}`
          await owner(key).admin.set(key, sealed, 'PX', 1_000_000)
        }),
      )
    }
    const keyIdOf = async (name: string): Promise<string | undefined> => {
      const owner = await ownerOf(`${PREFIX}:${name}`)
      const bytes = await owner.admin.getBuffer(`${PREFIX}:${name}`)
      return bytes === null ? undefined : describeHeader(bytes)?.keyId
    }
    const run = (more: Partial<Parameters<typeof sweep>[0]> = {}): Promise<SweepReport> =>
      sweep({ find, keyPrefix: PREFIX, keyRing: ring, now: Date.now, keysPerSecond: Infinity, ...more })
    const open = async (more: Readonly<Record<string, string>>): Promise<SecureCache> => {
      const env = { ...running().env, CACHE_TIMEOUT_MS: '10000', ...more }
      const cache = createSecureCache({ env, logger: false, onFailure: 'throw' })
      caches.push(cache)
      await cache.ready({ timeoutMs: 30_000 })
      return cache
    }
    /** A slot on its way from the node that has it to another one, its keys still where they were. */
    const begin = async (name: string) => {
      const source = await ownerOf(`${PREFIX}:${name}`)
      const target = primaries.find((node) => node !== source)
      if (target === undefined) throw new Error('there are three primaries')
      const slot = slotOf(`${PREFIX}:${name}`)
      await target.admin.cluster('SETSLOT', slot, 'IMPORTING', source.id)
      await source.admin.cluster('SETSLOT', slot, 'MIGRATING', target.id)
      return {
        carry: async (): Promise<void> => {
          for (const key of await source.admin.cluster('GETKEYSINSLOT', slot, 100)) {
            // What MIGRATE does, without keeping the node from its neighbours meanwhile.
            const ttl = await source.admin.pttl(key)
            const dump = await source.admin.dumpBuffer(key)
            await target.admin.call('RESTORE-ASKING', key, Math.max(ttl, 0), dump)
            await source.admin.unlink(key)
          }
        },
        end: async (): Promise<void> => {
          const others = primaries.filter((node) => node !== source && node !== target)
          for (const node of [target, source, ...others]) {
            await node.admin.cluster('SETSLOT', slot, 'NODE', target.id)
          }
        },
      }
    }

    it('lie on servers of which each knows all, for work on their users', async () => {
      const [{ admin, port }] = primaries as readonly [Primary]
      const { servers, follows } = await readServers(admin, { host: '127.0.0.1', port })
      const ports = running().cluster.nodes.map((node) => node.port)
      expect(servers.map((server) => server.port)).to.have.members(ports)
      expect(follows).to.equal(undefined)
    })

    it('are swept at every primary, and the sweep goes on where it was stopped', async () => {
      await seed()
      const stop = new AbortController()
      let opened = 0
      const first = await run({
        signal: stop.signal,
        now() {
          opened += 1
          if (opened > 100) stop.abort()
          return Date.now()
        },
      })
      expect(first.finished).to.equal(false)
      expect(Object.keys(first.place)).to.have.length(3)
      const second = await run({ place: { ...first.place, [`127.0.0.1:${primaries[0]?.port}`]: 'end' } })
      expect(second).to.include({ finished: true, clean: true, whole: true, unsealed: 0 })
      expect(first.resealed + second.resealed).to.equal(VALUES)
      expect(second.byKeyId.map(({ keyId, values }) => [keyId, values])).to.deep.equal([
        [ring.primaryId, VALUES],
      ])
      expect(
        second.passes,
        'what was passed over is found by the next walk, and the last one finds nothing',
      ).to.equal(3)
      const owner = await ownerOf(`${PREFIX}:seed:7`)
      expect(await owner.admin.pttl(`${PREFIX}:seed:7`)).to.be.within(900_000, 1_000_000)
      expect(await takeCensus({ find, keyPrefix: PREFIX })).to.deep.include({ whole: true, unsealed: 0 })
    })

    it('are not said to be done while a slot moves, and are once it has', async () => {
      await seed()
      const move = await begin('seed:5')
      const moving = await run()
      expect(moving).to.include({ finished: true, clean: false, whole: false })
      await move.carry()
      // They lie at the other node, which does not answer for them yet.
      expect(await run()).to.include({ clean: false, whole: false })
      expect(await takeCensus({ find, keyPrefix: PREFIX })).to.include({ whole: false })
      await move.end()
      expect(await run()).to.include({ clean: true, whole: true })
      expect(await keyIdOf('seed:5')).to.equal(ring.primaryId)
    })

    it('are looked at once more where a slot has moved behind the back of a walk', async () => {
      await seed()
      let looks = 0
      const report = await run({
        async find() {
          const found = await find()
          return {
            ...found,
            async slots() {
              looks += 1
              // The walk has ended, and the look after it comes next.
              if (looks === 2) {
                const move = await begin('seed:9')
                await move.carry()
                await move.end()
              }
              return found.slots()
            },
          }
        },
      })
      expect(report).to.include({ clean: true, resealed: VALUES, passes: 2 })
    })

    it('are cleared at every primary, and never said to be while a slot moves', async () => {
      await seed()
      const move = await begin('seed:11')
      const refused = await maintenance.clear(PREFIX).catch((error: unknown) => error)
      expect(refused).to.have.property('message').that.includes('slots of the Cluster are moving')
      await move.carry()
      await move.end()
      await maintenance.clear(PREFIX)
      const sizes = await Promise.all(primaries.map((node) => node.admin.dbsize()))
      expect(sizes).to.deep.equal([0, 0, 0])
    })

    it('are sealed anew at their own node when they are read', async () => {
      await seed()
      const cache = await open({
        REDIS_ENCRYPTION_KEY: nextKey.reveal(),
        REDIS_ENCRYPTION_ACCEPTED_KEYS: oldKey.reveal(),
      })
      const read = names.slice(0, 30)
      expect((await cache.getMany(read)).size).to.equal(read.length)
      await until(
        'what was read lies under the key that seals',
        async () => (await Promise.all(read.map(keyIdOf))).every((id) => id === ring.primaryId),
        30_000,
      )
      expect(await cache.get('seed:3')).to.equal('seed:3')
      expect(await keyIdOf('seed:40')).to.equal(previous.primaryId)
    })

    it('let every instance be heard of, wherever its heartbeat lies', async () => {
      const env = { REDIS_ENCRYPTION_KEY: oldKey.reveal(), REDIS_ENCRYPTION_ACCEPTED_KEYS: '' }
      await Promise.all([open(env), open(env), open(env), open(env)])
      const opener = new Envelope({ keyRing: ring }).namespace(PREFIX, INSTANCE_NAMESPACE)
      const look = () => readInstances({ find, keyPrefix: PREFIX, opener })
      await until('all of them tell', async () => (await look()).instances.length === 4, 30_000)
      const seen = await look()
      const question = { ...seen, keyId: ring.primaryId, expected: 4 }
      expect(obstaclesToPromote(question)).to.have.length(4)
      expect(obstaclesToPromote({ ...question, keyId: previous.primaryId })).to.deep.equal([])
      const move = await begin('seed:1')
      const unsure = { ...(await look()), keyId: previous.primaryId, expected: 0 }
      await move.end()
      expect(obstaclesToPromote(unsure)).to.deep.equal([SLOTS_ARE_MOVING])
    })

    it('are listed, swept and retired by the command line', async () => {
      await seed()
      const folder = await temporaryFolder()
      const { REDIS_ENCRYPTION_KEY: _key, ...env } = running().env
      try {
        await writeFile(
          join(folder.path, '.env'),
          `REDIS_ENCRYPTION_KEY=${nextKey.reveal()}\nREDIS_ENCRYPTION_ACCEPTED_KEYS=${oldKey.reveal()}\n`,
        )
        const command = (...words: string[]) => secureCache(['keys', ...words], { cwd: folder.path, env })
        const retired = await command('retire', previous.primaryId)
        expect(retired.code, retired.stderr).to.equal(0)
        const listed = await command('list', '--json')
        expect(listed.code, listed.stderr).to.equal(0)
        expect(JSON.parse(listed.stdout)).to.deep.include({ unsealed: 0, complete: true })
        expect(listed.stdout).to.include(`"values": ${VALUES}`).and.to.not.include(previous.primaryId)
      } finally {
        await folder.remove()
      }
    })

    it('are worked on with the rights of the table, and no others', async () => {
      const monitors = await Promise.all(primaries.map((node) => node.admin.monitor()))
      const heard: { readonly words: readonly string[]; readonly source: string }[] = []
      for (const monitor of monitors) {
        monitor.on('monitor', (_time: string, words: readonly string[], source: string) => {
          heard.push({ words, source })
        })
      }
      await seed()
      const cache = await open({
        REDIS_ENCRYPTION_KEY: nextKey.reveal(),
        REDIS_ENCRYPTION_ACCEPTED_KEYS: oldKey.reveal(),
      })
      await run()
      const move = await begin('absent')
      // Its slot is on its way, and it lies nowhere: the node says where to ask.
      expect(await cache.get('absent')).to.equal(undefined)
      await move.end()
      // Sent on by the node that had it, which makes the cache ask anew who has which slots.
      expect(await cache.get('absent')).to.equal(undefined)
      await maintenance.clear(PREFIX)
      const sentBy = async (role: UserRole): Promise<readonly string[]> => {
        const sent = new SentCommands()
        const users = new Map<string, string>()
        for (const node of primaries) {
          const clients = String(await node.admin.client('LIST'))
          for (const [, address = '', user = ''] of clients.matchAll(/ addr=(\S+).* user=(\S+)/g)) {
            users.set(address, user)
          }
        }
        for (const { words, source } of heard) sent.note(users.get(source) ?? 'somebody who has gone', words)
        return sent.by(roleOf(role).username).filter((command) => !LOGIN.has(command))
      }
      for (const role of ['cache', 'maintenance'] satisfies UserRole[]) {
        const added = roleOf(role).features.cluster ?? []
        await until(
          `${role} has sent what a Cluster adds`,
          async () => {
            const sent = await sentBy(role)
            return added.every((command) => sent.includes(command))
          },
          30_000,
        )
        const allowed = commandsOf(role, { version: VERSION, features: ['cluster'] })
        expect(allowed).to.include.members([...(await sentBy(role))])
      }
      for (const monitor of monitors) monitor.disconnect()
    })
  })
}
