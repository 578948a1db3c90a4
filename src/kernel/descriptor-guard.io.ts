/**
 * Descriptors that outlive the process by a child of it, or keep its memory busy after it: with them it does not die in silence.
 * Node opens all of its own close-on-exec; a library may not, and whoever started us may have left some.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { loadControlCalls } from './control-calls.io.js'

const O_CLOEXEC = 0o2000000
const F_SETFD = 2
const FD_CLOEXEC = 1
/** Standard streams are for children too. */
const FIRST = 3

export interface Descriptors {
  /** What was made close-on-exec just now: `17 (socket:[4711])`. */
  readonly closed: readonly string[]
  /** Requests that the kernel has taken over end when it likes. */
  readonly hasIoUring: boolean
}

/** Costs some 10 microseconds a descriptor: for the start. */
export function guardDescriptors(): Descriptors {
  const calls = loadControlCalls()
  const closed: string[] = []
  let hasIoUring = false
  for (const name of listOf('/proc/self/fd')) {
    const fd = Number(name)
    const target = linkOf(`/proc/self/fd/${name}`)
    if (target.includes('io_uring')) hasIoUring = true
    const flags = /^flags:\s*(\d+)/m.exec(textOf(`/proc/self/fdinfo/${name}`))?.[1]
    if (fd < FIRST || flags === undefined || (Number.parseInt(flags, 8) & O_CLOEXEC) !== 0) continue
    if (!('why' in calls) && calls.control(fd, F_SETFD, FD_CLOEXEC) >= 0) closed.push(`${fd} (${target})`)
  }
  return { closed, hasIoUring }
}

function listOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** '' where it is closed again by now. */
function linkOf(file: string): string {
  try {
    return readlinkSync(file)
  } catch {
    return ''
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
