/** Where the hosts of a running demo are, for whoever wants to walk in: a file in its folder, that ends with it. */
import { spawn } from 'node:child_process'
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { BatonError } from '../base/errors.js'
import { FOLDER_PREFIX } from './demo-folder.io.js'

export interface DemoHost {
  readonly name: string
  readonly address: string
  /** Stands before a command that is to run there. */
  readonly enter: readonly string[]
  /** State folder of its node; none on a host of clients. */
  readonly state?: string | undefined
}

const FILE = 'hosts.json'
const BIN = fileURLToPath(new URL('../../bin', import.meta.url))

interface Running {
  readonly pid: number
  readonly startedAt: number
  readonly hosts: readonly DemoHost[]
}

/** `folder`: of the demo; the file goes with it. */
export function writeHosts(folder: string, hosts: readonly DemoHost[]): void {
  const running: Running = { pid: process.pid, startedAt: Date.now(), hosts }
  writeFileSync(path.join(folder, FILE), JSON.stringify(running), { mode: 0o600 })
}

/** Of the demo that was started last, of those of this user that run now. Throws ERR_DEMO_NOT_RUNNING. */
export function readHosts(parent = os.tmpdir()): readonly DemoHost[] {
  const folders = readdirSync(parent).filter((name) => name.startsWith(FOLDER_PREFIX))
  const running = folders.flatMap((name) => runningIn(path.join(parent, name)) ?? [])
  const [last] = running.sort((a, b) => b.startedAt - a.startedAt)
  if (last !== undefined) return last.hosts
  const hint = 'start one in another terminal: baton demo --stay (it says where it runs)'
  throw new BatonError('ERR_DEMO_NOT_RUNNING', 'no demo of yours runs on hosts of its own', { hint })
}

/** An interactive shell there; its exit code. Throws ERR_HOST_UNKNOWN. */
export function shellOn(name: string): Promise<number> {
  const hosts = readHosts()
  const host = hosts.find((one) => one.name === name)
  if (host === undefined) {
    const hint = `hosts are: ${hosts.map((one) => one.name).join(', ')}`
    throw new BatonError('ERR_HOST_UNKNOWN', `the demo has no host ${name}`, { hint })
  }
  const shell = process.env['SHELL'] ?? '/bin/sh'
  const [program = '', ...args] = [...host.enter, shell, ...(shell.endsWith('bash') ? ['--norc'] : []), '-i']
  const environment = {
    ...process.env,
    PS1: `${name} \\w \\$ `,
    PATH: `${BIN}:${process.env['PATH'] ?? ''}`,
    ...(host.state === undefined ? {} : { BATON_STATE: host.state }),
  }
  const child = spawn(program, args, { stdio: 'inherit', env: environment })
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
}

/** What is in a folder of others is no word of ours: it has commands that we are to run. */
function runningIn(folder: string): Running | undefined {
  try {
    const { uid, mode } = lstatSync(folder)
    if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return undefined
    const running = JSON.parse(readFileSync(path.join(folder, FILE), 'utf8')) as Running
    process.kill(running.pid, 0)
    return running
  } catch {
    return undefined
  }
}
