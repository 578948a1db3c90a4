import { writeFile } from 'node:fs/promises'
import path from 'node:path'

import type { Scope } from '../harness/suite.js'
import { type Server, startDaemon } from './daemon.js'
import { accepts, freePort } from './ports.js'
import { tempDir } from './temp-dir.js'

/** One Dovecot in the foreground that takes IMAP logins; what it logs is its output. It wants to be started by root. */
export async function startDovecot(scope: Scope, trusted: string): Promise<Server> {
  const address = '127.0.0.1'
  const port = await freePort(address)
  const folder = await tempDir(scope, 'dovecot')
  const file = path.join(folder, 'dovecot.conf')
  const lines = [
    `base_dir = ${folder}/run`,
    `state_dir = ${folder}/state`,
    'protocols = imap',
    'ssl = no',
    'log_path = /dev/stderr',
    `haproxy_trusted_networks = ${trusted}`,
    'service imap-login {',
    '  chroot =',
    '  inet_listener imap {',
    `    address = ${address}`,
    `    port = ${port}`,
    '    haproxy = yes',
    '  }',
    '}',
    'passdb {',
    '  driver = static',
    '  args = password=any',
    '}',
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  const daemon = await startDaemon(scope, {
    program: 'dovecot',
    args: ['-F', '-c', file],
    ready: () => accepts(address, port),
    readyMs: 10_000,
  })
  return { ...daemon, address, port }
}
