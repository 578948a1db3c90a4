import { writeFile } from 'node:fs/promises'
import path from 'node:path'

import type { Scope } from '../harness/suite.js'
import { type Server, startDaemon } from './daemon.js'
import { accepts, freePort } from './ports.js'
import { tempDir } from './temp-dir.js'

export interface HaproxyOptions {
  readonly address?: string
  readonly port?: number
  readonly mode?: 'http' | 'tcp'
  /** Behind the address in the `bind` line, such as `accept-proxy`. */
  readonly bindWords?: string
  /** Lines of the frontend, such as `http-request return status 200 …`. */
  readonly frontend: readonly string[]
  /** Whole sections after it. */
  readonly sections?: readonly string[]
}

/** One HAProxy process with one frontend, in the foreground, as whoever runs the test. */
export async function startHaproxy(scope: Scope, options: HaproxyOptions): Promise<Server> {
  const { address = '127.0.0.1', mode = 'http', bindWords = '' } = options
  const port = options.port ?? (await freePort(address))
  const file = path.join(await tempDir(scope, 'haproxy'), 'haproxy.cfg')
  const lines = [
    'global',
    '  maxconn 1000',
    'defaults',
    `  mode ${mode}`,
    '  timeout client 10s',
    '  timeout server 10s',
    '  timeout connect 2s',
    'frontend main',
    `  bind ${address}:${port} ${bindWords}`,
    ...options.frontend.map((line) => `  ${line}`),
    ...(options.sections ?? []),
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  const daemon = await startDaemon(scope, {
    program: 'haproxy',
    args: ['-db', '-f', file],
    ready: () => accepts(address, port),
  })
  return { ...daemon, address, port }
}
