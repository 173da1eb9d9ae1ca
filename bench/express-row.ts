import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { median } from '../cli/benchmark/statistics.js'
import { CORES, type Servers } from './servers.js'
import { BASELINE, FULL_SUITE } from './variants.js'

const APP = fileURLToPath(new URL('./express-app.js', import.meta.url))
const CONNECTIONS = 32
const ROUNDS = 5
const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
const HEAD_END = Buffer.from('\r\n\r\n')

export const WITHOUT_CACHE = 'no cache'

/** Requests per second of a handler with one cached read: without cache, over plain ioredis, over ours. */
export async function expressRow(servers: Servers, ms: number): Promise<ReadonlyMap<string, number>> {
  const names = [WITHOUT_CACHE, BASELINE, FULL_SUITE]
  const apps = await Promise.all(names.map((name) => startApp(name, servers)))
  try {
    const rates = new Map(names.map((name): [string, number[]] => [name, []]))
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const { name, port } of apps) {
        const rate = await load(port, ms)
        // The first round only warms up.
        if (round > 0) rates.get(name)?.push(rate)
      }
    }
    return new Map([...rates].map(([name, all]) => [name, median(all)]))
  } finally {
    for (const { stop } of apps) stop()
  }
}

async function startApp(
  name: string,
  { access }: Servers,
): Promise<{ name: string; port: number; stop: () => void }> {
  const child = fork(APP, [], {
    ...(CORES === undefined
      ? {}
      : { execPath: 'taskset', execArgv: ['-c', String(CORES.client), process.execPath] }),
    env: { NODE_ENV: 'production' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  child.send({ variant: name === WITHOUT_CACHE ? undefined : name, access })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return { name, port, stop: () => child.disconnect() }
}

/** Requests per second over kept connections, each of which asks again once it has its answer. */
async function load(port: number, ms: number): Promise<number> {
  const started = performance.now()
  const end = started + ms
  const counts = await Promise.all(Array.from({ length: CONNECTIONS }, () => ask(port, end)))
  return (counts.reduce((sum, count) => sum + count, 0) / (performance.now() - started)) * 1000
}

async function ask(port: number, end: number): Promise<number> {
  const socket = connect(port, '127.0.0.1').setNoDelay()
  let answers = 0
  let bytes = Buffer.alloc(0)
  socket.write(REQUEST)
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    bytes = Buffer.concat([bytes, chunk])
    const length = lengthOf(bytes)
    if (length === undefined || bytes.length < length) continue
    if (!bytes.subarray(0, 15).includes(' 200 ')) throw new RangeError('the application failed')
    bytes = Buffer.alloc(0)
    answers += 1
    if (performance.now() >= end) break
    socket.write(REQUEST)
  }
  socket.destroy()
  return answers
}

/** Bytes of the whole answer, once its head is there. */
function lengthOf(bytes: Buffer): number | undefined {
  const head = bytes.indexOf(HEAD_END)
  if (head === -1) return undefined
  const length = /content-length: (\d+)/i.exec(bytes.toString('latin1', 0, head))?.[1]
  return head + HEAD_END.length + Number(length)
}
