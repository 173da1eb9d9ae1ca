/**
 * `npm start`: a hardened Redis, generated and booted before your eyes, with an Express application on it.
 * `npm start -- --once`: a guided tour that ends by itself.
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { startApplication, type DemoApplication } from './application.js'
import { deploy, type Deployment, type Environment } from './deployment.js'
import { heading, line } from './print.js'
import { tourInMemory, tourOnRedis } from './tour.js'

const HELP = `npm start                 generate a secure configuration, boot Redis from it, serve an example application
npm start -- --once       a guided tour that ends by itself: exit 0 when every step is as expected, else 1
npm start -- --port 3000  where the application listens on 127.0.0.1 (a free port where absent)`

const NO_SERVER = `there is no redis-server here: the tour runs on the embedded memory store, as far as it applies
  Debian, Ubuntu  apt-get install redis-server
  Fedora          dnf install redis
  macOS           brew install redis`

/** Enough for the memory store, and nothing of the surrounding process. */
const MEMORY_ENV: Environment = { NODE_ENV: 'development', CACHE_BACKEND: 'memory', REDIS_DEV_MODE: 'true' }

interface Arguments {
  readonly once: boolean
  readonly port: number
}

function readArguments(): Arguments {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean' },
      port: { type: 'string', default: '0' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true) {
    line(HELP)
    process.exit(0)
  }
  const port = Number(values.port)
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535)
    throw new RangeError('--port takes a number from 0 to 65535')
  return { once: values.once === true || wasSwallowedByNpm('once'), port }
}

/** `npm start --once`, without the `--` before it, arrives as a setting of npm. */
function wasSwallowedByNpm(option: string): boolean {
  // oxlint-disable-next-line node/no-process-env -- npm's own variable, not one of our settings.
  return process.env[`npm_config_${option}`] === 'true'
}

function hasRedisServer(): boolean {
  return spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0
}

async function main(): Promise<number> {
  const { once, port } = readArguments()
  if (!hasRedisServer()) return inMemory({ once, port })
  heading('Generating a secure configuration and booting redis-server from it')
  const deployment = await deploy()
  try {
    const { generated } = deployment
    line(`${generated.files.length} files for Redis ${generated.version} in ${generated.out}`)
    line('TLS only, client certificates required, default user off, one ACL user for each role')
    const application = await startApplication(deployment.env, port)
    try {
      if (once) return report(await tourOnRedis(deployment, application))
      await application.cache.ready({ timeoutMs: 5000 })
      return await serve(application, deployment)
    } finally {
      await application.close()
    }
  } finally {
    await deployment.remove()
  }
}

async function inMemory({ once, port }: Arguments): Promise<number> {
  line(NO_SERVER)
  const application = await startApplication(MEMORY_ENV, port)
  try {
    if (once) return report(await tourInMemory(application))
    return await serve(application, undefined)
  } finally {
    await application.close()
  }
}

function report(failed: number): number {
  line(failed === 0 ? '\nEvery step was as expected.' : `\n${failed} steps were not as expected.`)
  return failed === 0 ? 0 : 1
}

/** Serves until somebody says stop. */
async function serve({ url }: DemoApplication, deployment: Deployment | undefined): Promise<number> {
  heading('Serving. Try:')
  line(`  curl -i ${url}/reports/42        # the first answer is slow, the second comes from the cache`)
  line(`  curl -s ${url}/security/health`)
  if (deployment === undefined) {
    line(`  curl -s ${url}/security/status`)
  } else {
    line(`  curl -s ${url}/security/status -H @${deployment.statusHeaderFile}`)
    line(`  redis-cli -p ${deployment.target.port} ping        # refused: this port speaks TLS`)
    line(`\nThe generated files are in ${deployment.generated.out} until you stop.`)
  }
  line('\nCtrl-C stops everything and removes it.')
  await new Promise((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  line('\nstopping')
  return 0
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : 'unknown'}`)
  process.exitCode = error instanceof RangeError || error instanceof TypeError ? 2 : 1
}
