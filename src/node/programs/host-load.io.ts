/** How busy this host is, for those who choose where connections go. */
import os from 'node:os'
import type { Millis } from '../../base/time.js'

/** The kernel's average over a minute does not move faster. */
const LOOK_EVERY_MS: Millis = 2_000
/** What is told is rounded to this: each change is told to every node, and there is a choice made anew. */
const STEP_PERMILLE = 50
const PERMILLE_MAX = 10_000

/** Runnable threads for each core, in thousandths, averaged over a minute; 0 on systems that do not count them. */
export function loadPermille(average = os.loadavg()[0] ?? 0, cores = os.availableParallelism()): number {
  const permille = (1_000 * average) / Math.max(1, cores)
  return Math.min(PERMILLE_MAX, STEP_PERMILLE * Math.round(permille / STEP_PERMILLE))
}

/** Tells it at once and whenever it has changed. Answers what ends it. */
export function watchLoad(
  tell: (loadPermille: number) => void,
  look: () => number = loadPermille,
  everyMs = LOOK_EVERY_MS,
): () => void {
  let told = -1
  const tick = () => {
    const load = look()
    if (load === told) return
    told = load
    tell(load)
  }
  tick()
  const timer = setInterval(tick, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
