/** A JSON value of about so many bytes, of the kind that applications keep: small objects in a list. */
export function sampleValue(bytes: number, id: number): unknown {
  const items: unknown[] = []
  const value = { id, at: '2025-06-15T15:06:40.000Z', items }
  for (let size = 0; size < bytes - 80; size += 64) {
    items.push({ n: size + 100_000, name: 'an item of some length', ok: true })
  }
  return value
}
