/** HAProxy: one hop without, or two with TLS between them, the second beside the program. One thread each. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'

import { missingPrograms, programPath } from '../installed.io.js'
import { type Addresses, type Peer, PORTS } from '../peer.js'
import { listening, type Workshop } from '../workshop.io.js'

/** Two sockets a connection, and some for HAProxy itself. */
const connectionsMax = (shop: Workshop) => Math.floor((shop.filesMax - 100) / 2)
/** The agent's ports, apart from the program's on the same address. */
const AGENT_PORT_STEP = 10_000

export const haproxy: Peer = {
  name: 'haproxy',
  what: 'HAProxy, one hop, one thread',
  hops: 1,
  missing: () => missingPrograms('haproxy'),
  start: async (shop, at) => {
    const proxies = Object.values(PORTS).map((port) => proxy(`${at.service}:${port}`, '', `${at.program}:${port}`, ''))
    return start(shop, at, 'haproxy', [['edge', config(shop, proxies)]])
  },
}

export const haproxyTls: Peer = {
  name: 'haproxy-tls',
  what: 'HAProxy, two hops, TLS 1.3 with AES-128-GCM between them, one thread each',
  hops: 2,
  missing: () => missingPrograms('haproxy', 'openssl'),
  start: async (shop, at) => {
    const pem = await certificate(shop)
    const agent = (port: number) => `${at.program}:${port + AGENT_PORT_STEP}`
    const ports = Object.values(PORTS)
    const toAgent = `ssl verify required ca-file ${pem} verifyhost bench`
    return start(shop, at, 'haproxy-tls', [
      [
        'agent',
        config(
          shop,
          ports.map((port) => proxy(agent(port), `ssl crt ${pem}`, `${at.program}:${port}`, '')),
        ),
      ],
      [
        'edge',
        config(
          shop,
          ports.map((port) => proxy(`${at.service}:${port}`, '', agent(port), toAgent)),
        ),
      ],
    ])
  },
}

async function start(shop: Workshop, at: Addresses, name: string, hops: readonly [role: string, config: string][]) {
  const folder = shop.fresh(name)
  const children = hops.map(([role, text]) => {
    const file = path.join(folder, `${role}.cfg`)
    writeFileSync(file, text)
    return { role, ...shop.start(`${name}-${role}`, [programPath('haproxy'), '-db', '-f', file]) }
  })
  for (const child of children) {
    await listening(
      child,
      child.role === 'agent' ? at.program : at.service,
      PORTS.http + (child.role === 'agent' ? AGENT_PORT_STEP : 0),
    )
  }
  return {
    processes: children.map(({ role, pid }) => ({ role, pid })).reverse(),
    check: async () => {},
    stop: async () => {
      for (const child of children) await child.end()
    },
  }
}

function config(shop: Workshop, proxies: readonly string[]): string {
  return `global
  nbthread 1
  maxconn ${connectionsMax(shop)}
  ssl-default-bind-options ssl-min-ver TLSv1.3
  ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256
  ssl-default-server-options ssl-min-ver TLSv1.3
  ssl-default-server-ciphersuites TLS_AES_128_GCM_SHA256
defaults
  mode tcp
  maxconn ${connectionsMax(shop)}
  timeout connect 5s
  timeout client 1h
  timeout server 1h
${proxies.join('\n')}
`
}

function proxy(bind: string, bindOptions: string, server: string, serverOptions: string): string {
  return `listen at-${bind}
  bind ${bind} ${bindOptions}
  server program ${server} ${serverOptions}`
}

async function certificate(shop: Workshop): Promise<string> {
  const folder = shop.fresh('certificate')
  const file = path.join(folder, 'bench.pem')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file]
  const subject = ['-subj', '/CN=bench', '-addext', 'subjectAltName=DNS:bench', '-days', '2', '-out', `${file}.crt`]
  await shop.must(['openssl', 'req', '-x509', ...key, ...subject])
  await shop.must(['bash', '-c', 'cat "$1" >> "$2"', 'bash', `${file}.crt`, file])
  return file
}
