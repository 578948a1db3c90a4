/** What may happen to a splice's two halves, in whatever order a seed says. */
import type { Prng } from '../../src/base/prng.js'
import type { Side } from './pipe.js'

/** One of the things that may happen next to a side; `toSay` shrinks as its peer speaks. */
export function happen(random: Prng, side: Side, toSay: number[]): void {
  const { socket } = side
  switch (random.below(6)) {
    case 0:
    case 1:
      if (socket.paused || socket.closed || socket.resets > 0) return
      if (toSay.length > 0) socket.say(Uint8Array.from(toSay.splice(0, 1 + random.below(1_500))))
      // The last chunk and FIN often come together, also where the reader just said stop.
      if (toSay.length === 0 && socket.read > 0 && random.chance(0.5)) endOnce(side)
      return
    case 2:
      return socket.drain(random.below(900))
    case 3:
      side.out.step()
      return
    case 4:
      side.out.congested = random.chance(0.3)
      if (!side.out.congested) side.half.release()
      return
    default:
      if (toSay.length === 0) endOnce(side)
      if (random.chance(0.2)) side.half.settle()
      socket.closeIfDone()
  }
}

const endsSaid = new WeakSet<Side>()
function endOnce(side: Side): void {
  if (endsSaid.has(side) || side.socket.closed || side.socket.resets > 0) return
  endsSaid.add(side)
  side.socket.sayEnd()
}

/** Nothing is withheld any more: everything that can happen does. */
export function settleDown(sides: readonly Side[]): void {
  for (let moved = true; moved; ) {
    moved = false
    for (const side of sides) {
      side.out.congested = false
      side.half.release()
      side.socket.drain(Number.MAX_SAFE_INTEGER)
      while (side.out.step()) moved = true
      if (side.socket.closeIfDone()) moved = true
    }
  }
}

export function inContext(seed: number, body: () => void): void {
  try {
    body()
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}
