/** A `redis-cli` that counts over one connection, and servers on all nodes: a program that everybody knows, which never reconnects unseen. */
import { accessSync, constants, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Child } from './child.io.js'
import { type Counting, countingIn } from './counting.js'
import type { Host } from './hosts.io.js'

export const REDIS_PORT = 6_379
const COUNT_EVERY_S = 0.2
/** Debian puts daemons into sbin, which an ordinary user's PATH leaves out. */
const FOLDERS = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/sbin']

export class RedisSession {
  private constructor(private readonly child: Child) {}

  static get isThere(): boolean {
    return ['redis-server', 'redis-cli'].every((name) => FOLDERS.some((folder) => isProgram(path.join(folder, name))))
  }

  static startServer(host: Host, folder: string): void {
    const words = ['--bind', host.address, '--port', String(REDIS_PORT), '--protected-mode', 'no', '--dir', folder]
    host.start('redis', ['redis-server', ...words, '--save', '', '--appendonly', 'no'])
  }

  static start(host: Host, address: string): RedisSession {
    const often = ['-r', '-1', '-i', String(COUNT_EVERY_S)]
    return new RedisSession(host.start('redis-cli', ['redis-cli', '-h', address, ...often, 'incr', 'count']))
  }

  get counting(): Counting {
    return countingIn(readFileSync(this.child.output, 'utf8'))
  }

  async stop(): Promise<void> {
    await this.child.stop()
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
