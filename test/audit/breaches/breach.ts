/** One breach of the hardened configuration: what is changed, with a marker where the finding belongs. */
export interface Breach {
  readonly title: string
  readonly file: string
  /** What stands there, and what stands there instead. */
  readonly swap?: readonly [from: string, to: string] | undefined
  /** Put at the end of the file. */
  readonly append?: string | undefined
  readonly mode?: number | undefined
  /** Further changes that the breach needs. */
  readonly also?: readonly Omit<Breach, 'title'>[] | undefined
}

/** The files of the hardened configuration. */
export const CONF = 'conf/redis.conf'
export const ACL = 'conf/users.acl'
export const COMPOSE = 'docker-compose.yml'
export const ENV = '.env'
