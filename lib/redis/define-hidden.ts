/** Sets a property that no listing shows, on objects of ioredis whose types call it something else. */
export function defineHidden(target: object, name: string | symbol, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: false, configurable: true, writable: true })
}
