/** What processes use, from /proc: CPU of all their threads to the nanosecond, and resident memory. */
import { readdirSync, readFileSync } from 'node:fs'

/** Time on a CPU in ns by thread, user and system together. */
export type CpuTimes = ReadonlyMap<string, number>

/** A process and all that it started (nginx: the master and its workers). */
export function descendants(pid: number): number[] {
  const children = readdirSync('/proc').filter((name) => {
    // The parent is the second field behind the name, which may hold anything in its parentheses.
    const stat = /^\d+$/.test(name) ? readText(`/proc/${name}/stat`) : ''
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === String(pid)
  })
  return [pid, ...children.map(Number).flatMap(descendants)]
}

/** schedstat (Documentation/scheduler/sched-stats): its first number is the thread's time on a CPU in ns. */
export function cpuTimes(pids: readonly number[]): CpuTimes {
  const times = new Map<string, number>()
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const text = readText(`/proc/${pid}/task/${thread}/schedstat`)
      if (text !== '') times.set(`${pid}/${thread}`, Number(text.split(' ')[0]))
    }
  }
  return times
}

/** Threads that ended in between are lost; those that began count from zero. */
export function cpuNsBetween(before: CpuTimes, after: CpuTimes): number {
  let sum = 0
  for (const [thread, ns] of after) sum += ns - (before.get(thread) ?? 0)
  return sum
}

export function residentBytes(pid: number): number {
  return descendants(pid).reduce((sum, one) => {
    const kib = /^Rss:\s+(\d+) kB/m.exec(readText(`/proc/${one}/smaps_rollup`))?.[1] ?? '0'
    return sum + Number(kib) * 1_024
  }, 0)
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // the thread has ended
  }
}
