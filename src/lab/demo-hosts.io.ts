/** Where the hosts of a running demo are, for whoever wants to walk in: a file that ends with the demo. */
import { spawn } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { BatonError } from '../base/errors.js'

export interface DemoHost {
  readonly name: string
  readonly address: string
  /** Stands before a command that is to run there. */
  readonly enter: readonly string[]
  /** State folder of its node; none on a host of clients. */
  readonly state?: string | undefined
}

const FILE = path.join(os.tmpdir(), `baton-demo-${process.getuid?.() ?? 0}.json`)
const BIN = fileURLToPath(new URL('../../bin', import.meta.url))

export class DemoHosts {
  write(hosts: readonly DemoHost[]): void {
    writeFileSync(FILE, JSON.stringify({ pid: process.pid, hosts }), { mode: 0o600 })
  }

  remove(): void {
    rmSync(FILE, { force: true })
  }

  /** Of the demo that runs now. Throws ERR_DEMO_NOT_RUNNING. */
  static read(): readonly DemoHost[] {
    try {
      const { pid, hosts } = JSON.parse(readFileSync(FILE, 'utf8')) as { pid: number; hosts: readonly DemoHost[] }
      process.kill(pid, 0)
      return hosts
    } catch {
      const hint = 'start one in another terminal: baton demo --stay (it says where it runs)'
      throw new BatonError('ERR_DEMO_NOT_RUNNING', 'no demo of yours runs on hosts of its own', { hint })
    }
  }

  /** An interactive shell there; its exit code. Throws ERR_HOST_UNKNOWN. */
  static shell(name: string): Promise<number> {
    const hosts = DemoHosts.read()
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
}
