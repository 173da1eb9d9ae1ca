import type { DemoApplication } from './application.js'
import type { Deployment } from './deployment.js'
import type { Step } from './print.js'
import { until } from './wait.js'

const REQUESTS = 40
/** The loader's 200 ms, the deadline of 250 ms for a read, and room for a busy machine. */
const IN_TIME_MS = 1500

/** Redis dies in the middle of requests and comes back. */
export function outageSteps(deployment: Deployment, application: DemoApplication): Step[] {
  return [
    {
      title: 'Redis killed in the middle of requests',
      tried: `${REQUESTS} requests, with SIGKILL to the server after the tenth`,
      expected: `all answer with 200 within ${IN_TIME_MS} ms`,
      async run() {
        const answers: Promise<{ status: number; ms: number }>[] = []
        for (let number = 0; number < REQUESTS; number += 1) {
          if (number === 10) await deployment.kill()
          answers.push(ask(`${application.url}/reports/outage-${number % 5}`))
        }
        const all = await Promise.all(answers)
        const good = all.filter(({ status }) => status === 200).length
        const slowest = Math.max(...all.map(({ ms }) => ms))
        return {
          seen: `${good} of ${REQUESTS} answered with 200, the slowest after ${slowest.toFixed(0)} ms`,
          asExpected: good === REQUESTS && slowest < IN_TIME_MS,
        }
      },
    },
    {
      title: 'Redis brought back',
      tried: 'start the server again from the same files',
      expected: 'the cache works again within 2 s, by itself',
      async run() {
        await deployment.start()
        const started = performance.now()
        const { cache } = application.cache
        const recovered = await until(() => cache.set('after:outage', { works: true }))
        const ms = performance.now() - started
        return {
          seen: recovered
            ? `a value was stored ${ms.toFixed(0)} ms after the start`
            : 'no recovery within 5 s',
          asExpected: recovered && ms < 2000,
        }
      },
    },
  ]
}

async function ask(url: string): Promise<{ status: number; ms: number }> {
  const started = performance.now()
  const response = await fetch(url)
  await response.arrayBuffer()
  return { status: response.status, ms: performance.now() - started }
}
