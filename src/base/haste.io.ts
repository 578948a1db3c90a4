import os from 'node:os'

/** Well before what else runs on a host, and behind what its administrator has put first by hand. */
const NICE = -10

/** Of the process's main thread, before it was put first. */
let ordinary: number | undefined

/**
 * This thread comes before others from now on, where the process may say so (CAP_SYS_NICE, or RLIMIT_NICE); answers what ends that. For
 * the moments of a handover: a lease runs while nobody renews it.
 */
export function makeHaste(): () => void {
  try {
    const before = os.getPriority()
    if (before <= NICE) return () => {}
    os.setPriority(NICE)
    return () => os.setPriority(before)
  } catch {
    return () => {}
  }
}

/**
 * The main thread comes before others for as long as it lives: it renews leases and answers for its node while lanes and programs take
 * all that the host has, and needs little itself. Linux counts niceness by thread (setpriority(2), "C library/kernel differences"), and
 * whoever begins another gives it its own: see `asOrdinary`. Between groups of threads (cgroups with a weight, autogroups) it says nothing.
 */
export function comeFirst(): void {
  const before = priority()
  makeHaste()
  if (priority() < before) ordinary = before
}

/** Threads and processes that `begin` makes before it returns come no sooner than if the main thread were not before others. */
export function asOrdinary<T>(begin: () => T): T {
  if (ordinary === undefined) return begin()
  os.setPriority(ordinary)
  try {
    return begin()
  } finally {
    makeHaste()
  }
}

function priority(): number {
  try {
    return os.getPriority()
  } catch {
    return 0
  }
}
