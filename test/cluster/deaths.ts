/** Ways for a node's process, or one lane of it, to die, done to a real one from outside: a script that is loaded before it, and a signal. */
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { LabNode } from '../../src/lab/cluster.io.js'

/** Source that ends the thread that runs it. */
export const PROCESS_DEATHS: Readonly<Record<string, string>> = {
  'an exception that nobody caught': `setImmediate(() => { throw new Error('a bug') })`,
  'a rejection that nobody handled': `Promise.reject(new Error('a bug'))`,
  'process.exit': 'process.exit(3)',
  'process.abort, as of a fault in native code': 'process.abort()',
  'a heap that is full': 'for (const all = []; ; ) all.push(new Array(2e6).fill({}))',
}

/** A memory controller, of whichever version of cgroups this host has; its groups are named by the process. */
export const MEMORY_GROUPS = existsSync('/sys/fs/cgroup/memory/cgroup.procs')
  ? '/sys/fs/cgroup/memory'
  : '/sys/fs/cgroup'
export const memoryGroupOf = (pid: number) => `${MEMORY_GROUPS}/baton-oom-${pid}`
const LIMIT = MEMORY_GROUPS.endsWith('/memory') ? 'memory.limit_in_bytes' : 'memory.max'

/** The kernel's OOM killer ends it: it takes all that its cgroup may have. */
export const OUT_OF_MEMORY = `
  const { mkdirSync, writeFileSync } = process.getBuiltinModule('node:fs')
  const group = '${MEMORY_GROUPS}/baton-oom-' + process.pid
  mkdirSync(group)
  writeFileSync(group + '/${LIMIT}', '100000000')
  writeFileSync(group + '/cgroup.procs', String(process.pid))
  for (const all = []; ; ) all.push(Buffer.alloc(16e6, 1))`

/** For ever, and no signal or message gets through to it. */
export const HANG = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'

export const LANE_DEATHS: Readonly<Record<string, string>> = {
  'an exception out of its loop': `throw new Error('a bug')`,
  'a heap that is full': 'for (const all = []; ; ) all.push(new Array(2e6).fill({}))',
  'process.exit in its thread': 'process.exit(3)',
}

/**
 * At SIGUSR2 the main thread runs what `deaths` holds; a lane looks each time
 * that it looks for messages.
 */
export class Deaths {
  /** With a heap that is soon full: until a larger one is, a lease may run out. */
  readonly nodeArguments: readonly string[]

  constructor(private readonly folder: string) {
    const script = path.join(folder, 'deaths.cjs')
    writeFileSync(script, SCRIPT.replace('FOLDER', JSON.stringify(folder)))
    this.nodeArguments = ['--max-old-space-size=200', '--require', script]
  }

  ofProcess({ child }: LabNode, source: string): void {
    writeFileSync(path.join(this.folder, 'process-death'), source)
    child?.kill('SIGUSR2')
  }

  /** The thread that speaks with the LAN about addresses. */
  ofWire({ child }: LabNode, source: string): void {
    writeFileSync(path.join(this.folder, `wire-${child?.pid}-death`), source)
  }

  /** The first lane of whatever node that comes to look. */
  ofLane({ name }: LabNode, lane: number, source: string): void {
    writeFileSync(path.join(this.folder, `${name}-lane-${lane}-death`), source)
  }
}

const SCRIPT = `
const threads = require('node:worker_threads')
const { readFileSync, rmSync, existsSync } = require('node:fs')
const take = (name) => {
  const file = FOLDER + '/' + name
  if (!existsSync(file)) return ''
  const source = readFileSync(file, 'utf8')
  rmSync(file)
  return source
}
if (threads.isMainThread) {
  if (process.argv.includes('up')) process.on('SIGUSR2', () => (0, eval)(take('process-death')))
} else {
  const { receiveMessageOnPort } = threads
  threads.receiveMessageOnPort = (port) => {
    const { lane, name, turns } = threads.workerData
    const source = take((turns === undefined ? name + '-lane-' + lane : 'wire-' + process.pid) + '-death')
    if (source !== '') new Function('require', source)(require)
    return receiveMessageOnPort(port)
  }
  require('node:module').syncBuiltinESMExports()
}
`
