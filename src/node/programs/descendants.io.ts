/** Processes that this one is the ancestor of, or was given as their next of kin (PR_SET_CHILD_SUBREAPER, prctl(2)). */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Millis } from '../../base/time.js'
import { loadControlCalls } from '../../kernel/control-calls.io.js'

const PR_SET_CHILD_SUBREAPER = 36
const LOOK_EVERY_MS: Millis = 20

/** From now on a daemon that its parents have left belongs to this process. `false`: that cannot be had here. */
export function adoptOrphans(): boolean {
  const calls = loadControlCalls()
  return !('why' in calls) && calls.prctl(PR_SET_CHILD_SUBREAPER, 1) === 0
}

/**
 * Orphans that have ended and that nobody has waited for: `kill -0` of one succeeds, and whoever waits for its end that way waits for ever.
 * `except`: children of this process's own, which the runtime waits for.
 */
export function reapOrphans(except: ReadonlySet<number>): void {
  const calls = loadControlCalls()
  if ('why' in calls) return
  for (const pid of childrenOf('/proc/self/task')) {
    if (!except.has(pid) && stateOf(readStat(String(pid))) === 'Z') calls.reap(pid)
  }
}

/** Of all threads of a process (proc_pid_task_children(5)): none, where the kernel does not tell. */
function childrenOf(tasks: string): number[] {
  try {
    return readdirSync(tasks).flatMap((task) => {
      return readFileSync(`${tasks}/${task}/children`, 'utf8')
        .split(' ')
        .filter((pid) => pid !== '')
        .map(Number)
    })
  } catch {
    return []
  }
}

function stateOf(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2)[0] ?? 'X'
}

/** Those that run; what has ended and was not waited for is nobody's. */
export function descendantsOf(ancestor: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = readStat(name)
    // `pid (name) state ppid …`: the name may have any letter in it, a bracket too.
    const [state = 'Z', parent = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (state !== 'Z' && state !== 'X') parents.set(Number(name), Number(parent))
  }
  const isOurs = (pid: number): boolean => {
    let parent = parents.get(pid)
    for (let depth = 0; parent !== undefined && depth < 64; depth++) {
      if (parent === ancestor) return true
      parent = parents.get(parent)
    }
    return false
  }
  return [...parents.keys()].filter(isOurs)
}

/** SIGKILL to all of them, and to those that they leave, until none is left. `false`: some are left by then. */
export async function killDescendants(ancestor: number, limitMs: Millis): Promise<boolean> {
  for (let waited = 0; waited <= limitMs; waited += LOOK_EVERY_MS) {
    const pids = descendantsOf(ancestor)
    if (pids.length === 0) return true
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended meanwhile.
      }
    }
    await pause(LOOK_EVERY_MS)
  }
  return descendantsOf(ancestor).length === 0
}

/** Another after each boot of the host; empty where it cannot be known. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}

function readStat(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return ''
  }
}
