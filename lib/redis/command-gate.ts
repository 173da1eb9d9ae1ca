import type { Command } from 'ioredis'
import type { Deadline } from '../deadline.js'
import { Timed } from '../deadline.js'
import type { CacheError } from '../errors.js'
import { lateReply } from './late-reply.js'
import { PendingLimit } from './pending-limit.js'
import type { ConnectionStatus } from './connection-facts.js'

/** What the gate looks at before it lets a command through. */
export interface GatedConnection {
  readonly status: ConnectionStatus
  readonly lastError: CacheError | undefined
  start(): void
}

/**
 * Gives the commands of a plain client what the store gives its own: a deadline that covers the wait for the
 * first connection, an answer at once while the server is away, and a bound on what is pending.
 */
export class CommandGate {
  readonly #connection: GatedConnection
  readonly #deadline: Deadline
  readonly #pending = new PendingLimit()
  #held: { readonly command: Command; readonly send: () => void }[] = []

  constructor(connection: GatedConnection, deadline: Deadline) {
    this.#connection = connection
    this.#deadline = deadline
  }

  /** Sends the command now, with the first connection, or never. */
  enter(command: Command, send: () => void): void {
    this.#connection.start()
    const { status, lastError } = this.#connection
    if (command.name === 'quit') {
      // The end comes after what was asked before it, and has a bound of its own.
      if (status === 'connecting') this.#held.push({ command, send })
      else send()
      return
    }
    const refusal = status === 'down' ? lastError : this.#pending.refusal()
    if (refusal !== undefined) {
      command.reject(refusal)
      return
    }
    const timer = new CommandTimer(command, this.#deadline, this.#pending)
    if (status === 'connecting') this.#held.push({ command, send })
    else send()
    timer.start()
  }

  /** The status of the connection has changed: what was held goes out or fails. */
  changed({ status, lastError }: GatedConnection): void {
    if (status === 'connecting') return
    const held = this.#held
    this.#held = []
    for (const { command, send } of held) {
      // A write that has timed out must not be applied afterwards.
      if (command.isSettled) continue
      if (status === 'up' || command.name === 'quit' || lastError === undefined) send()
      else command.reject(lastError)
    }
  }
}

/** The deadline of one command. */
class CommandTimer extends Timed {
  readonly #command: Command
  readonly #deadline: Deadline
  readonly #reject: Command['reject']

  constructor(command: Command, deadline: Deadline, pending: PendingLimit) {
    super()
    this.#command = command
    this.#deadline = deadline
    const resolve = command.resolve.bind(command)
    const reject = command.reject.bind(command)
    const bytes = sizeOf(command)
    let open = true
    const end = () => {
      if (!open) return
      open = false
      deadline.remove(this)
      pending.ended(bytes)
    }
    pending.began(bytes)
    command.resolve = (reply: unknown) => {
      end()
      return resolve(reply)
    }
    command.reject = (error) => {
      end()
      reject(error)
    }
    this.#reject = command.reject
  }

  start(): void {
    if (!this.#command.isSettled) this.#deadline.add(this)
  }

  override expire(): void {
    this.#reject(lateReply(this.#deadline.timeoutMs, this.#command.name))
  }
}

function sizeOf({ args }: Command): number {
  let size = 0
  for (const argument of args) {
    if (typeof argument === 'string' || Buffer.isBuffer(argument)) size += argument.length
  }
  return size
}
