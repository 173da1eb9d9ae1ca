import type { Command } from 'ioredis'
import type { Secret } from '../settings/secret.js'

/** Whom a connection logs in as. Without a password it does not log in. */
export interface Login {
  /** Absent: the default user. */
  readonly username?: string | undefined
  readonly password?: Secret | undefined
}

/** What ioredis is told the password is. The real one enters only in the bytes of HELLO or AUTH. */
export const PASSWORD_PLACEHOLDER = '[secret]'

/** The login as ioredis options: nothing that may not be printed. */
export function loginOptions({ username, password }: Login): { username?: string; password?: string } {
  if (password === undefined) return {}
  return { ...(username === undefined ? {} : { username }), password: PASSWORD_PLACEHOLDER }
}

/**
 * Puts the real password into the bytes of a handshake command while they are written. So it never lies in
 * the client's options, in a command's arguments, in an error or in a debug line.
 */
export function writePassword(command: Command, { password }: Login): void {
  if (password === undefined || !command.args.includes(PASSWORD_PLACEHOLDER)) return
  const write = command.toWritable.bind(command)
  command.toWritable = (socket) => {
    const shown = command.args
    command.args = shown.map((argument) => (argument === PASSWORD_PLACEHOLDER ? password.reveal() : argument))
    try {
      return write(socket)
    } finally {
      command.args = shown
    }
  }
}
