/** What every variant can do: values in, values out, as an application would see them. */
export interface Client {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<unknown>
  /** How many of the keys there were. Absent where a peer has no such call. */
  getMany?(keys: readonly string[]): Promise<number>
  setMany?(entries: readonly (readonly [string, unknown])[]): Promise<unknown>
  /** Writes before anything is measured; `set` where absent. */
  fill?(key: string, value: unknown): Promise<unknown>
  /** Ends what only filling needs. */
  filled?(): Promise<unknown>
  close(): Promise<unknown>
}

/** All values of the benchmark live for so long. */
export const TTL_SECONDS = 600
