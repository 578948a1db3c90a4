import os from 'node:os'

/** Well before what else runs on a host, and behind what its administrator has put first by hand. */
const NICE = -10

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
