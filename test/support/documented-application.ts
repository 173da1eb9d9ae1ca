import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Documents say port 3000; a test takes a free one and is told which. */
const LISTEN_ANYWHERE = `
import { Server } from 'node:net'
const { listen } = Server.prototype
Server.prototype.listen = function (port, ...rest) {
  this.once('listening', () => console.log('listening on ' + this.address().port))
  return listen.call(this, port === 3000 ? 0 : port, ...rest)
}
`

/** An application of a document, running in a process of its own. Whoever starts it stops it. */
export interface DocumentedApplication {
  /** Asks what a document asks at port 3000. */
  fetch(url: string, headers?: Record<string, string>): Promise<Response>
  stop(): Promise<void>
}

/** Starts a program that says `listen(3000)` and waits until it listens. */
export async function startDocumented(
  program: string,
  options: { cwd: string; env: Readonly<Record<string, string>>; nodeOptions?: readonly string[] },
): Promise<DocumentedApplication> {
  const preload = join(options.cwd, 'listen-anywhere.mjs')
  await writeFile(preload, LISTEN_ANYWHERE)
  const args = [...(options.nodeOptions ?? []), '--import', preload, program]
  const application = spawn(process.execPath, args, {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = async (): Promise<void> => {
    if (application.exitCode === null && application.kill()) await once(application, 'exit')
  }
  try {
    const port = await portOf(application)
    return {
      fetch: (url, headers = {}) => fetch(url.replace(/:\/\/[^/]+/, `://127.0.0.1:${port}`), { headers }),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function portOf({ stdout, stderr }: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const listen = (chunk: Buffer): void => {
      said += chunk.toString()
      const port = /listening on (\d+)/.exec(said)?.[1]
      if (port !== undefined) resolve(port)
    }
    stdout?.on('data', listen)
    stderr?.on('data', listen)
    stdout?.once('end', () => reject(new Error(`it ended without listening:\n${said}`)))
  })
}
