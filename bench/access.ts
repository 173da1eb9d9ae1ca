/** One way to a server. */
export interface Login {
  readonly host: string
  readonly port: number
  readonly username?: string
  readonly password?: string
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string }
}

/** What a child process needs to play any variant. It arrives over its channel, never in arguments. */
export interface Access {
  /** The plain server: open, with a password, and as a user with a few rights. */
  readonly open: Login
  readonly password: Login
  readonly acl: Login
  /** The hardened server, from the generator's files. */
  readonly hardened: Login
  /** Who may do everything there: for peers that need commands which a cache does not. */
  readonly administrator: Login
  /** The application's environment for the hardened server. */
  readonly env: Readonly<Record<string, string>>
  readonly keyPrefix: string
  readonly encryptionKey: string
}
