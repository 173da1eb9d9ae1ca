import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** What an attacker knows: where the server is, and perhaps a certificate that was stolen. */
export interface Target {
  readonly host: string
  readonly port: number
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export type Approach = 'plaintext' | 'tls' | 'tls with client certificate'

const PATIENCE_MS = 1000

/**
 * Sends Redis commands over a bare socket and returns the first line of each reply, as an attacker
 * without any client library would see it; `closed` or `silence` where no reply comes.
 */
export function speak(target: Target, approach: Approach, commands: readonly string[]): Promise<string[]> {
  return new Promise((resolve) => {
    const socket = open(target, approach)
    let received = ''
    const finish = (ending: 'closed' | 'silence' | undefined): void => {
      clearTimeout(timer)
      socket.destroy()
      const replies = received.split('\r\n').filter((text) => text !== '')
      resolve(ending === undefined || replies.length >= commands.length ? replies : [...replies, ending])
    }
    const timer = setTimeout(() => finish('silence'), PATIENCE_MS)
    socket.on(approach === 'plaintext' ? 'connect' : 'secureConnect', () => {
      socket.write(commands.map((command) => `${command}\r\n`).join(''))
    })
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      if (received.split('\r\n').length > commands.length) finish(undefined)
    })
    socket.on('error', () => finish('closed'))
    socket.on('close', () => finish('closed'))
  })
}

function open(target: Target, approach: Approach): Socket {
  const { host, port, ca, cert, key } = target
  if (approach === 'plaintext') return connectPlain({ host, port })
  const identity = approach === 'tls' ? {} : { cert, key }
  return connectTls({ host, port, ca, ...identity, rejectUnauthorized: true, minVersion: 'TLSv1.3' })
}
