import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

import { programPath } from '../harness/programs.js'
import type { Scope } from '../harness/suite.js'
import { type Server, startDaemon } from './daemon.js'
import { accepts, freePort } from './ports.js'
import { tempDir } from './temp-dir.js'

const run = promisify(execFile)

/** One MariaDB with a new, empty database, which knows no user from elsewhere. */
export async function startMariadb(scope: Scope, ...options: readonly string[]): Promise<Server> {
  const address = '127.0.0.1'
  const port = await freePort(address)
  const folder = await tempDir(scope, 'mariadb')
  const data = path.join(folder, 'data')
  const common = ['--no-defaults', `--datadir=${data}`, ...(process.getuid?.() === 0 ? ['--user=root'] : [])]
  await run(programPath('mariadb-install-db'), [...common, '--skip-test-db', '--skip-name-resolve'])
  const daemon = await startDaemon(scope, {
    program: 'mariadbd',
    args: [
      ...common,
      `--socket=${folder}/socket`,
      `--pid-file=${folder}/pid`,
      `--bind-address=${address}`,
      `--port=${port}`,
      '--skip-name-resolve',
      '--innodb-buffer-pool-size=8M',
      ...options,
    ],
    ready: () => accepts(address, port),
    readyMs: 15_000,
  })
  return { ...daemon, address, port }
}
