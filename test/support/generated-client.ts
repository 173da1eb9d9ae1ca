import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'

/** A server that runs from generated files. */
export interface Booted {
  readonly out: string
  readonly port: number
}

/** Which files of the output a client uses. */
export interface GeneratedLogin {
  readonly role: string
  readonly user: string
  /** The folder that holds the password. */
  readonly home: string
  /** Path of certificate and key without their endings; that of the application where absent. */
  readonly certificate?: string | undefined
}

export const APPLICATION: GeneratedLogin = { role: 'cache', user: 'cache_service', home: 'app' }
export const ADMIN: GeneratedLogin = {
  role: 'admin',
  user: 'admin',
  home: 'operator',
  certificate: 'operator/admin',
}

/** A connected plain client with files of the output alone. Whoever opens it disconnects it. */
export async function connectWith(booted: Booted, login: GeneratedLogin): Promise<Redis> {
  const text = (path: string): Promise<string> => readFile(join(booted.out, path), 'utf8')
  const certificate = login.certificate ?? 'app/client'
  const client = new Redis({
    host: '127.0.0.1',
    port: booted.port,
    lazyConnect: true,
    retryStrategy: () => null,
    replyMapping: 'legacy',
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    username: login.user,
    password: (await text(`${login.home}/${login.role}_password`)).replace(/\n$/, ''),
    tls: {
      ca: await text('app/ca.crt'),
      cert: await text(`${certificate}.crt`),
      key: await text(`${certificate}.key`),
      minVersion: 'TLSv1.2',
    },
  })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** The reply of one action on a connection of its own, or the message of its error. */
export async function outcomeOf(
  booted: Booted,
  login: GeneratedLogin,
  action: (client: Redis) => Promise<unknown>,
): Promise<string> {
  let client: Redis | undefined
  try {
    client = await connectWith(booted, login)
    return String(await action(client))
  } catch (error) {
    return error instanceof Error ? error.message : 'unknown'
  } finally {
    client?.disconnect()
  }
}
