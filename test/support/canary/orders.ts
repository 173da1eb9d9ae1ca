/** What the parent of the canary tells its victim to do, over the process's own channel. */
export type Order =
  | { readonly do: 'open'; readonly env: Readonly<Record<string, string>> }
  | { readonly do: 'misconfigure'; readonly env: Readonly<Record<string, string>> }
  | { readonly do: 'misuse' }
  | { readonly do: 'exercise'; readonly label: string }
  | { readonly do: 'close' }
  | { readonly do: 'crash' }

/** The secret texts that must come out nowhere: under this key name, this value. */
export interface Planted {
  readonly keyName: string
  readonly value: string
}

export type Message = { readonly planted: Planted } | Order
