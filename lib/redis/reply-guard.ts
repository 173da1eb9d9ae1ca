import replyHandling from 'ioredis/built/DataHandler.js'

type Dispatch = (this: { readonly redis: unknown }, handle: () => void) => void

/** A client whose replies are handled under guard. */
export interface Guarded {
  /** True while a reply is being handled: what a listener throws then is its own mistake. */
  handlingReply: boolean
  /** A reply could not be handled: it belongs to no command, or is not what its kind says. */
  replyFailed(): void
}

/**
 * Lets no reply end the process. ioredis handles one too many of them, or a push message with nothing in
 * it, by an exception that it throws anew outside of everybody's reach: a server that sends six bytes too
 * many would end the application. The one place through which every reply goes is a method of a class that
 * ioredis does not export; it is changed for our own clients alone.
 */
export function guardReplies(isOurs: (client: unknown) => client is Guarded): void {
  const prototype: object = replyHandling.default.prototype
  const original = Reflect.get(prototype, 'dispatch') as Dispatch
  const guarded: Dispatch = function (handle) {
    const client = this.redis
    if (!isOurs(client)) {
      original.call(this, handle)
      return
    }
    client.handlingReply = true
    try {
      handle()
    } catch {
      client.replyFailed()
    } finally {
      client.handlingReply = false
    }
  }
  Reflect.set(prototype, 'dispatch', guarded)
}
