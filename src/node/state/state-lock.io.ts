/**
 * One process per state folder: two with one key would vote twice. The lock is a file that names its holder by pid and
 * start time, since pids come back, and by the boot of the host, since start times count from there.
 */
import fs from 'node:fs'
import { BatonError, errnoOf, messageOf } from '../../base/errors.js'

export interface StateLock {
  release(): void
}

interface Holder {
  readonly pid: number
  /** Field 22 of /proc/PID/stat: clock ticks since the host's boot (proc_pid_stat(5)). */
  readonly startTicks: string
  readonly hostBoot: string
}

/** Others may take or leave the lock between two steps of ours; more rounds than this are no coincidence. */
const ROUNDS_MAX = 5

/** Throws ERR_STATE_IN_USE, naming the holder, or ERR_STATE_UNWRITABLE. */
export function lockState(file: string): StateLock {
  const text = `${JSON.stringify(describeProcess(process.pid))}\n`
  // The lock appears with its content or not at all: a link to a finished file, and link(2) refuses an existing name.
  const own = `${file}.${process.pid}`
  try {
    fs.writeFileSync(own, text, { mode: 0o600 })
    for (let round = 0; round < ROUNDS_MAX; round++) {
      if (linked(own, file)) return { release: () => release(file, text) }
      const found = readText(file)
      if (found === undefined) continue
      const holder = parseHolder(found)
      if (holder !== undefined && isRunning(holder)) throw inUse(file, holder.pid)
      removeStale(file, found)
    }
    throw new BatonError('ERR_STATE_IN_USE', `${file} changes hands faster than it can be taken`, {
      hint: 'something starts nodes on this folder over and over: stop it, then try again',
    })
  } catch (cause) {
    if (cause instanceof BatonError) throw cause
    throw new BatonError('ERR_STATE_UNWRITABLE', `cannot write ${file}: ${messageOf(cause)}`, {
      hint: 'look at owner, mode and free space of the folder, or choose another with --state DIR',
      cause,
    })
  } finally {
    fs.rmSync(own, { force: true })
  }
}

/** From another process of this node, which acts no more. */
export function inheritLock(file: string): StateLock {
  const text = `${JSON.stringify(describeProcess(process.pid))}\n`
  const own = `${file}.${process.pid}`
  fs.writeFileSync(own, text, { mode: 0o600 })
  fs.renameSync(own, file)
  return { release: () => release(file, text) }
}

/** The running process that holds the lock, if there is one. */
export function lockHolder(file: string): number | undefined {
  const holder = parseHolder(readText(file) ?? '')
  return holder !== undefined && isRunning(holder) ? holder.pid : undefined
}

function linked(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to)
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  }
}

/**
 * Two processes may find the same dead holder. Taken aside first and looked at there, a lock that another has meanwhile
 * taken is noticed and put back.
 */
function removeStale(file: string, stale: string): void {
  const aside = `${file}.stale.${process.pid}`
  try {
    fs.renameSync(file, aside)
    if (fs.readFileSync(aside, 'utf8') !== stale) linked(aside, file)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  } finally {
    fs.rmSync(aside, { force: true })
  }
}

/** Only our own: after a folder was removed and made anew, the lock there is another's. */
function release(file: string, text: string): void {
  if (readText(file) === text) fs.rmSync(file, { force: true })
}

function inUse(file: string, pid: number): BatonError {
  return new BatonError('ERR_STATE_IN_USE', `process ${pid} already runs on this state folder (${file})`, {
    hint: `stop it (kill ${pid}), or give this node a folder of its own: baton init --state DIR`,
  })
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null
    const { pid, startTicks = '', hostBoot = '' } = holder ?? {}
    return Number.isInteger(pid) ? { pid: pid as number, startTicks, hostBoot } : undefined
  } catch {
    // A lock without a name holds nobody off.
    return undefined
  }
}

function isRunning(holder: Holder): boolean {
  const now = describeProcess(holder.pid)
  return now !== undefined && now.startTicks === holder.startTicks && now.hostBoot === holder.hostBoot
}

/** `undefined` for a process that is not there, or is a zombie: that one runs no more. */
function describeProcess(pid: number): Holder | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The name, field 2, may hold blanks and parentheses: count from behind it. Field 3 is the state.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined
  return { pid, startTicks: fields[19] ?? '', hostBoot: (readText('/proc/sys/kernel/random/boot_id') ?? '').trim() }
}

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    // ESRCH: the process ended between open and read.
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') return undefined
    throw error
  }
}
