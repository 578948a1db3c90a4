import { writeFile } from 'node:fs/promises'
import path from 'node:path'

import type { Scope } from '../harness/suite.js'
import { type Server, startDaemon } from './daemon.js'
import { accepts, freePort } from './ports.js'
import { tempDir } from './temp-dir.js'

const MODULES = ['mpm_event', 'authz_core', 'remoteip']

/** One Apache in the foreground; `server` are lines of its configuration. Its modules are where Debian has them. */
export async function startApache(scope: Scope, server: readonly string[]): Promise<Server> {
  const address = '127.0.0.1'
  const port = await freePort(address)
  const folder = await tempDir(scope, 'apache')
  const file = path.join(folder, 'apache.conf')
  const lines = [
    `ServerRoot ${folder}`,
    'ServerName localhost',
    `PidFile ${folder}/pid`,
    `DefaultRuntimeDir ${folder}`,
    'Mutex pthread',
    `ErrorLog ${folder}/error.log`,
    ...MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
    'User www-data',
    'Group www-data',
    'StartServers 1',
    `Listen ${address}:${port}`,
    ...server,
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  const daemon = await startDaemon(scope, {
    program: 'apache2',
    args: ['-f', file, '-D', 'FOREGROUND'],
    ready: () => accepts(address, port),
  })
  return { ...daemon, address, port }
}
