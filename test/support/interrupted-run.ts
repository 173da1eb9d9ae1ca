import { lookAt, startOpenRedis } from './open-redis.js'

class Interrupted extends Error {}

/**
 * Lets a migration fail in the middle of its work, at that event, and takes it back from there: what is then
 * different from the start; `undefined` where the run came to its end before that event.
 */
export async function interruptedAt(moment: number): Promise<readonly string[] | undefined> {
  const open = await startOpenRedis()
  try {
    const insider = open.insider()
    await insider.set('app::one', '{"a":1}')
    await insider.set('app::two', '2', 'PX', 3_600_000)
    const start = await lookAt(insider)
    let events = 0
    const migration = open.migration({
      tell() {
        events += 1
        if (events === moment) throw new Interrupted()
      },
    })
    const interrupted = await migration.run({ through: 'monitoring' }).then(
      () => false,
      (error: unknown) => error instanceof Interrupted,
    )
    if (!interrupted) return undefined
    await open.migration().rollback({ downTo: 'preparation' })
    const end = await lookAt(insider)
    const values = [await insider.get('app::one'), await insider.get('app::two'), await insider.dbsize()]
    return [
      ...(JSON.stringify(end) === JSON.stringify(start) ? [] : ['configuration or users']),
      ...(JSON.stringify(values) === '["{\\"a\\":1}","2",2]' ? [] : ['values']),
    ]
  } finally {
    await open.stop()
  }
}
