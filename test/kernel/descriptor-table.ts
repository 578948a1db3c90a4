import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import koffi from 'koffi'
import type { Scope } from '../harness/suite.js'

const RLIMIT_NOFILE = 7

/** What the process's descriptors lead to. The one that reads the folder is there each time, and named alike. */
export function openDescriptors(): string[] {
  return readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).replace(/\d+/, 'N')
    } catch {
      return 'gone'
    }
  })
}

/** How many descriptors the epoll sets of this process watch (proc(5), fdinfo). */
export function watchedDescriptors(): number {
  const texts = readdirSync('/proc/self/fdinfo').map((fd) => {
    try {
      return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
    } catch {
      return ''
    }
  })
  return texts.join('').match(/^tfd:/gm)?.length ?? 0
}

/** From now on no descriptor is to be had, until the answer is called or the test ends. `undefined`: not on this system. */
export function fullTable(scope: Scope): (() => void) | undefined {
  if (process.platform !== 'linux') return undefined
  const library = koffi.load(null)
  const getrlimit = library.func('int getrlimit(int, void *)')
  const setrlimit = library.func('int setrlimit(int, void *)')
  const limits = new BigUint64Array(2)
  getrlimit(RLIMIT_NOFILE, limits)
  const [soft] = limits
  const set = (limit: bigint) => {
    limits[0] = limit
    setrlimit(RLIMIT_NOFILE, limits)
  }
  // Those that are open stay usable.
  set(1n)
  const free = () => set(soft as bigint)
  scope.defer(free)
  return free
}
