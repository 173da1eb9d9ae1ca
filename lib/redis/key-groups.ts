/** The keys in lists that one command may hold each: of one group, and not more than `most`. */
export function keyGroups<Key>(
  keys: readonly Key[],
  { most, groupOf }: { readonly most: number; readonly groupOf: (key: Key) => number },
): readonly (readonly Key[])[] {
  const open = new Map<number, Key[]>()
  const lists: Key[][] = []
  for (const key of keys) {
    const group = groupOf(key)
    let list = open.get(group)
    if (list === undefined || list.length === most) {
      list = []
      lists.push(list)
      open.set(group, list)
    }
    list.push(key)
  }
  return lists
}
