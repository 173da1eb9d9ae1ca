import { VARIANTS, type Variant } from './own-variants.js'

export const BASELINE = VARIANTS[0].name
export const FULL_SUITE = 'express-secure-cache'

const PEERS = new URL('../../bench/peers/peers.mjs', import.meta.url)

/** Ours, and the other caches that are installed. */
export async function allVariants(): Promise<readonly Variant[]> {
  const { installedPeers } = (await import(PEERS.href)) as { installedPeers: () => readonly Variant[] }
  return [...VARIANTS, ...installedPeers()]
}

export async function variantNamed(name: string): Promise<Variant> {
  const variant = (await allVariants()).find((each) => each.name === name)
  if (variant === undefined) throw new RangeError('no such variant')
  return variant
}
