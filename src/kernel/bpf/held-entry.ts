/**
 * The entry of a held connection in the map that lanes share. A connection of the same ends may stand before the one before it is over
 * here, in this lane or in another: clients use ports again, and a director gives connections away and has them back. The
 * entry is the newer one's then, and whoever ends leaves it alone; lanes are threads, so that may happen between any two calls.
 */

/** Of one connection's ends; each call is one of the kernel's. */
export interface HeldEntry {
  /** Whose slot it names; `undefined`: there is none. */
  find(): number | undefined
  /** The same, and it is there no more. */
  takeOut(): number | undefined
  /** Unless there is one. */
  putBack(slot: number): void
  /** The slot holds a connection of these ends. */
  isHeld(slot: number): boolean
}

/** The connection of the slot is over: `isHeld` says so already. */
export function leaveEntry(entry: HeldEntry, slot: number): void {
  let owner = slot
  // Mostly one look and one call: what comes in between is put right, and for that moment a connection is acknowledged at once.
  while (entry.find() === owner) {
    const taken = entry.takeOut()
    if (taken === undefined || taken === owner) return
    entry.putBack(taken)
    // That one may have been over by then, and found nothing to take out.
    if (entry.isHeld(taken)) return
    owner = taken
  }
}
