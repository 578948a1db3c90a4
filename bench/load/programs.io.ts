/** The programs behind the proxies: nginx, which answers 1,000 bytes, and an iperf3 server for each address. */
import { writeFileSync } from 'node:fs'

import { programPath } from '../installed.io.js'
import { PORTS } from '../peer.js'
import { type Child, listening, type Workshop } from '../workshop.io.js'

export async function startPrograms(shop: Workshop, addresses: readonly string[]): Promise<void> {
  const folder = shop.fresh('program')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  )
  const listens = addresses.map((address) => `listen ${address}:${PORTS.http};`)
  // A default file type makes the answer's length the same everywhere; an hour, so that idle connections stay.
  writeFileSync(
    `${folder}/nginx.conf`,
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
${process.getuid?.() === 0 ? 'user root;' : ''} events { worker_connections ${shop.filesMax - 100}; }
http { access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; client_header_timeout 1h;
${temporary.join(' ')}
server { ${listens.join(' ')} location / { return 200 "${'x'.repeat(1_000)}"; } } }
`,
  )
  const nginx = shop.start('program-nginx', [programPath('nginx'), '-c', `${folder}/nginx.conf`])
  const servers: [Child, string, number][] = addresses.map((address) => [nginx, address, PORTS.http])
  for (const address of addresses) {
    const command = [programPath('iperf3'), '-s', '-B', address, '-p', String(PORTS.bulk)]
    servers.push([shop.start(`program-iperf3-${address}`, command), address, PORTS.bulk])
  }
  // Only nginx is asked: an iperf3 server takes any connection for a client.
  for (const [child, address, port] of servers) if (port === PORTS.http) await listening(child, address, port)
}
