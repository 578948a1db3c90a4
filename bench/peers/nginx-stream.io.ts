/** nginx's stream module, one worker. */
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { missingPrograms, programPath } from '../installed.io.js'
import { type Peer, PORTS } from '../peer.js'
import { listening } from '../workshop.io.js'

/** Debian builds the module apart. */
const MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so'

export const nginxStream: Peer = {
  name: 'nginx-stream',
  what: 'nginx stream, one hop, one worker',
  hops: 1,
  missing: () => missingPrograms('nginx') ?? (existsSync(MODULE) ? undefined : 'apt-get install libnginx-mod-stream'),
  start: async (shop, at) => {
    const folder = shop.fresh('nginx-stream')
    const file = path.join(folder, 'nginx.conf')
    const servers = Object.values(PORTS).map(
      (port) => `server { listen ${at.service}:${port}; proxy_pass ${at.program}:${port}; proxy_timeout 1h; }`,
    )
    writeFileSync(
      file,
      `load_module ${MODULE}; daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
${process.getuid?.() === 0 ? 'user root;' : ''} events { worker_connections ${shop.filesMax - 100}; }
stream { ${servers.join('\n')} }
`,
    )
    const child = shop.start('nginx-stream', [programPath('nginx'), '-c', file])
    await listening(child, at.service, PORTS.http)
    return { processes: [{ role: 'edge', pid: child.pid }], check: async () => {}, stop: () => child.end() }
  },
}
