import { writeFile } from 'node:fs/promises'
import path from 'node:path'

import type { Scope } from '../harness/suite.js'
import { type Server, startDaemon } from './daemon.js'
import { accepts, freePort } from './ports.js'
import { tempDir } from './temp-dir.js'

/** Debian's libnginx-mod-stream. */
export const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so'

export interface NginxOptions {
  readonly address?: string
  readonly port?: number
  /** Behind the address in the `listen` line, such as `proxy_protocol`. */
  readonly listenWords?: string
  /** Lines of the server block, such as `return 200 "node a\n";`. `FOLDER` stands for the temp folder. */
  readonly server: readonly string[]
}

/**
 * One nginx process without a master, in the foreground; all it writes lies in a temp folder. Works as root (Debian's
 * nginx would then change to www-data; a process without a master does not) and as an ordinary user.
 */
export async function startNginx(scope: Scope, options: NginxOptions): Promise<Server> {
  const { address = '127.0.0.1', listenWords = '' } = options
  const port = options.port ?? (await freePort(address))
  const folder = await tempDir(scope, 'nginx')
  const file = path.join(folder, 'nginx.conf')
  const temp = (name: string) => `  ${name}_temp_path ${folder}/${name};`
  const lines = [
    'daemon off;',
    'master_process off;',
    `pid ${folder}/pid;`,
    `error_log ${folder}/error.log;`,
    'events { worker_connections 512; }',
    'http {',
    ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(temp),
    `  access_log ${folder}/access.log;`,
    '  default_type text/plain;',
    '  server {',
    `    listen ${address}:${port} ${listenWords};`,
    ...options.server.map((line) => `    ${line.replaceAll('FOLDER', folder)}`),
    '  }',
    '}',
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  const daemon = await startDaemon(scope, {
    program: 'nginx',
    args: ['-p', folder, '-e', `${folder}/error.log`, '-c', file],
    ready: () => accepts(address, port),
  })
  return { ...daemon, address, port }
}

/** One nginx process that carries connections as they are; `server` are lines of its block. The module is where Debian has it. */
export async function startNginxStream(scope: Scope, server: readonly string[]): Promise<Server> {
  const address = '127.0.0.1'
  const port = await freePort(address)
  const folder = await tempDir(scope, 'nginx')
  const file = path.join(folder, 'nginx.conf')
  const lines = [
    `load_module ${STREAM_MODULE};`,
    'daemon off;',
    'master_process off;',
    `pid ${folder}/pid;`,
    `error_log ${folder}/error.log;`,
    'events { worker_connections 512; }',
    `stream { server { listen ${address}:${port}; ${server.join(' ')} } }`,
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  const daemon = await startDaemon(scope, {
    program: 'nginx',
    args: ['-p', folder, '-e', `${folder}/error.log`, '-c', file],
    ready: () => accepts(address, port),
  })
  return { ...daemon, address, port }
}
