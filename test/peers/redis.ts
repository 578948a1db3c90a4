import type { Scope } from '../harness/suite.js'
import { type Server, startDaemon } from './daemon.js'
import { accepts, freePort } from './ports.js'
import { tempDir } from './temp-dir.js'

export interface RedisOptions {
  readonly address?: string
  readonly port?: number
}

/** One Redis server without persistence. */
export async function startRedis(scope: Scope, options: RedisOptions = {}): Promise<Server> {
  const { address = '127.0.0.1' } = options
  const port = options.port ?? (await freePort(address))
  const folder = await tempDir(scope, 'redis')
  const daemon = await startDaemon(scope, {
    program: 'redis-server',
    args: [
      ...['--bind', address, '--port', `${port}`, '--dir', folder],
      ...['--save', '', '--appendonly', 'no', '--daemonize', 'no', '--protected-mode', 'no'],
    ],
    ready: () => accepts(address, port),
  })
  return { ...daemon, address, port }
}
