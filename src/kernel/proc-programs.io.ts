/**
 * Processes and the sockets that they hold, as /proc shows them: /proc/PID/fd/N → socket:[inode] (proc(5)). Whoever may not
 * be traced by us does not show its descriptors (PTRACE_MODE_READ_FSCREDS): it counts as one that holds nothing.
 *
 * There may be a million descriptors on a host, and reading one takes microseconds: what may be long is a generator that
 * yields after each small piece, and whoever runs it looks at the time.
 */
import { type Dir, existsSync, opendirSync, readFileSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import { errnoOf } from '../base/errors.js'
import { type Program, programName } from '../base/program.js'
import type { HeldSocket, Processes } from './listener-programs.js'

export const PROCESSES_MAX = 65_536
/** Of one process; a proxy with more connections has its listeners among the first. */
export const DESCRIPTORS_MAX = 65_536
/** How many numbers below the last one are tried. */
const GUESSES = 64
/** Read of a folder at a time. */
const ENTRIES_PER_READ = 32

export class ProcPrograms implements Processes {
  constructor(
    private readonly procFolder = '/proc',
    private readonly self = process.pid,
  ) {}

  /**
   * All but this process, the newest first as far as numbers tell: whose listener is new is most often new itself. The
   * first process of the host, which holds sockets for others, comes last. Numbers below the last that was given out are
   * tried before the folder is read, which takes milliseconds where there are thousands; most of them are of threads.
   */
  *newestFirst(): Generator<number | undefined> {
    const tried = new Set([this.self])
    const last = this.#lastNumber()
    for (let number = last; number > 0 && number > last - GUESSES; number--) {
      const pid = this.#processOf(number)
      yield pid === undefined || tried.has(pid) ? undefined : pid
      if (pid !== undefined) tried.add(pid)
    }
    const pids: number[] = []
    for (const name of names(this.procFolder)) {
      if (name === undefined) yield undefined
      else if (/^\d+$/.test(name) && !tried.has(Number(name))) pids.push(Number(name))
      if (pids.length === PROCESSES_MAX) break
    }
    yield* pids.sort((a, b) => b - a)
  }

  /** The last field of loadavg (proc(5)), in our namespace of processes; 0 where it cannot be read. */
  #lastNumber(): number {
    return Number(/ (\d+)\s*$/.exec(this.#read('loadavg').toString())?.[1] ?? 0)
  }

  /** /proc answers for threads too, though it does not list them. */
  #processOf(number: number): number | undefined {
    if (!existsSync(path.join(this.procFolder, String(number)))) return undefined
    const pid = Number(/^Tgid:\s*(\d+)$/m.exec(this.#read(String(number), 'status').toString())?.[1] ?? 0)
    return pid === 0 ? undefined : pid
  }

  /** What `pid` holds. */
  *socketsOf(pid: number): Generator<HeldSocket | undefined> {
    let seen = 0
    for (const name of names(path.join(this.procFolder, String(pid), 'fd'))) {
      if (name === undefined || seen++ === DESCRIPTORS_MAX) yield undefined
      if (seen > DESCRIPTORS_MAX) return
      const inode = name === undefined ? undefined : this.socketAt(pid, Number(name))
      if (inode !== undefined) yield { inode, fd: Number(name) }
    }
  }

  /** The inode of the socket that is a process's descriptor; `undefined` where it is none, or may not be seen. */
  socketAt(pid: number, fd: number): number | undefined {
    try {
      const target = readlinkSync(path.join(this.procFolder, String(pid), 'fd', String(fd)))
      return target.startsWith('socket:[') ? Number(target.slice(8, -1)) : undefined
    } catch {
      return undefined
    }
  }

  /** `undefined` for one that is gone or has no name. */
  program(pid: number): Program | undefined {
    const text = this.#read(String(pid), 'comm')
    const name = programName(text.at(-1) === 0x0a ? text.subarray(0, -1) : text)
    return name === '' ? undefined : { pid, name }
  }

  parentOf(pid: number): number | undefined {
    // `PID (NAME) STATE PARENT …`, where a name may have brackets and blanks.
    const text = this.#read(String(pid), 'stat').toString('latin1')
    const parent = Number(/^ \S (\d+) /.exec(text.slice(text.lastIndexOf(')') + 1))?.[1] ?? 0)
    return parent === 0 || parent === this.self ? undefined : parent
  }

  /** Nothing, of one that is gone or may not be read. */
  #read(...file: string[]): Buffer {
    try {
      return readFileSync(path.join(this.procFolder, ...file))
    } catch {
      return Buffer.alloc(0)
    }
  }
}

/** Enough to tell. */
const TRIED_MAX = 4_096

/** Of how many processes the descriptors may be seen, those of the kernel left aside: they have none. */
export function visibleProcesses(procFolder: string): { open: number; tried: number; isHidden: boolean } {
  let [open, tried] = [0, 0]
  for (const name of names(procFolder)) {
    if (name === undefined || !/^\d+$/.test(name)) continue
    const fault = faultOf(() => opendirSync(path.join(procFolder, name, 'fd')).closeSync())
    // Any other fault is that of a process which has just ended.
    if ((fault === 'EACCES' || fault === 'EPERM') && !isOfKernel(path.join(procFolder, name))) tried++
    else if (fault === undefined) {
      open++
      tried++
    }
    if (tried === TRIED_MAX) break
  }
  return { open, tried, isHidden: isHiding(procFolder) }
}

/** Whoever may look: a thread of the kernel has no command line. */
function isOfKernel(folder: string): boolean {
  let bytes = 1
  faultOf(() => {
    bytes = readFileSync(path.join(folder, 'cmdline')).byteLength
  })
  return bytes === 0
}

/** proc(5), hidepid: 2 or `invisible`, 4 or `ptraceable`; whoever may trace all sees all, whatever it says. */
function isHiding(procFolder: string): boolean {
  let mounts = ''
  faultOf(() => {
    mounts = readFileSync(path.join(procFolder, 'self', 'mounts'), 'utf8')
  })
  const options = [...mounts.matchAll(/^\S+ (\S+) proc (\S+)/gm)].find(([, at]) => at === '/proc')?.[2] ?? ''
  const hides = /(^|,)hidepid=(2|4|invisible|ptraceable)(,|$)/.test(options)
  return hides && faultOf(() => opendirSync(path.join(procFolder, '1', 'fd')).closeSync()) !== undefined
}

function faultOf(run: () => void): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return errnoOf(error)
  }
}

/** The names in a folder, and `undefined` after every few: none of one that is gone or may not be read. */
function* names(folder: string): Generator<string | undefined> {
  let dir: Dir
  try {
    dir = opendirSync(folder, { bufferSize: ENTRIES_PER_READ })
  } catch {
    return
  }
  try {
    for (let read = 1; ; read++) {
      const entry = next(dir)
      if (entry === undefined) return
      yield entry
      if (read % ENTRIES_PER_READ === 0) yield undefined
    }
  } finally {
    dir.closeSync()
  }
}

/** A process that ends while its folder is read has no more names. */
function next(dir: Dir): string | undefined {
  try {
    return dir.readSync()?.name
  } catch {
    return undefined
  }
}
