import type { SecureCache } from '../../lib/index.js'
import type { DemoApplication } from './application.js'
import { attackSteps } from './attacks.js'
import type { Deployment } from './deployment.js'
import { outageSteps } from './outage.js'
import { hex, runSteps, type Step } from './print.js'
import { until } from './wait.js'

const OVERHEAD_BYTES = 67

/** The whole tour on a real server. Returns how many steps were not as expected. */
export async function tourOnRedis(deployment: Deployment, application: DemoApplication): Promise<number> {
  const { cache } = application.cache
  await cache.ready({ timeoutMs: 5000 })
  const steps = [
    ...useSteps(application),
    rawBytesStep(deployment),
    ...attackSteps(deployment, cache),
    ...outageSteps(deployment, application),
  ]
  return runSteps(steps, 1)
}

/** What of the tour applies without a server: the cache itself, and what it refuses. */
export async function tourInMemory(application: DemoApplication): Promise<number> {
  const { cache } = application.cache
  return runSteps([...useSteps(application), expiryStep(cache)], 1)
}

function useSteps(application: DemoApplication): Step[] {
  const ask = async (): Promise<{ cached: string | null; ms: number; status: number }> => {
    const started = performance.now()
    const response = await fetch(`${application.url}/reports/42`)
    await response.arrayBuffer()
    return {
      cached: response.headers.get('x-cache'),
      ms: performance.now() - started,
      status: response.status,
    }
  }
  return [
    {
      title: 'a miss',
      tried: 'GET /reports/42, for the first time',
      expected: 'the slow source is asked (about 200 ms)',
      async run() {
        const { cached, ms, status } = await ask()
        return { seen: `HTTP ${status}, cache ${cached}, ${ms.toFixed(0)} ms`, asExpected: cached === 'miss' }
      },
    },
    {
      title: 'a hit',
      tried: 'GET /reports/42 again',
      expected: 'the answer comes from the cache (a few ms)',
      async run() {
        await until(() => application.cache.cache.has('report:42'))
        const { cached, ms, status } = await ask()
        return {
          seen: `HTTP ${status}, cache ${cached}, ${ms.toFixed(0)} ms`,
          asExpected: cached === 'hit' && ms < 150,
        }
      },
    },
  ]
}

function rawBytesStep(deployment: Deployment): Step {
  return {
    title: 'the bytes as they lie in Redis',
    tried: 'read the raw value as the administrator, who may read everything',
    expected: 'sealed bytes that begin with c1 01, nothing of the report in them',
    async run() {
      const bytes = await deployment.admin.getBuffer(deployment.redisKey('report:42'))
      if (bytes === null) return { seen: 'no value', asExpected: false }
      const readable = ['Ada Example', 'blood pressure', 'patient'].filter((text) => bytes.includes(text))
      return {
        seen: `${bytes.length} bytes (${OVERHEAD_BYTES} of them seal): ${hex(bytes, 24)} …, readable words: ${readable.length}`,
        asExpected: bytes[0] === 0xc1 && bytes[1] === 0x01 && readable.length === 0,
      }
    },
  }
}

function expiryStep(cache: SecureCache): Step {
  return {
    title: 'an expiry',
    tried: 'keep a value for a tenth of a second, then read it',
    expected: 'it is there, then it is gone',
    async run() {
      await cache.set('short', { kept: true }, { ttl: 0.1 })
      const before = await cache.get('short')
      const gone = await until(async () => (await cache.get('short')) === undefined)
      return {
        seen: `first ${JSON.stringify(before)}, then ${gone ? 'nothing' : 'still there'}`,
        asExpected: before !== undefined && gone,
      }
    },
  }
}
