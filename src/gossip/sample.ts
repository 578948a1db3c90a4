import type { Prng } from '../base/prng.js'

/** Up to `count` different items in random order; all of them when there are no more. */
export function sample<T>(items: readonly T[], count: number, random: Prng): T[] {
  if (items.length <= count) return random.shuffle([...items])
  const picked = new Set<T>()
  // Terminates: fewer are wanted than there are. Few are wanted, so hardly any draw is wasted.
  while (picked.size < count) picked.add(items[random.below(items.length)] as T)
  return [...picked]
}
