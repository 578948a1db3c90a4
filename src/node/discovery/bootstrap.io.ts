/** `baton bootstrap`: nodes of a private DHT that the nodes of clusters begin with, where there is no public one or none is wanted. */
import dgram from 'node:dgram'
import type HyperDHT from 'hyperdht'
import { canonicalIp, isIpv6, isLoopback, isPort, isWildcard } from '../../base/address.js'
import { BatonError, errnoOf, messageOf } from '../../base/errors.js'
import { BOOTSTRAP_PORT, type Bootstrap, formatBootstrap } from '../../gossip/discovery/bootstrap.js'
import { loadDht } from '../../gossip/discovery/swarm-packages.io.js'
import { stopSignal } from '../lifecycle.io.js'
import { Notify } from '../succession/notify.io.js'
import { reachableAddresses } from './own-address.io.js'

/** A host behind a NAT learns what becomes of its ports from as many answers, each of another port here. */
export const BOOTSTRAP_NODES = 4
const LEAVE_MS_MAX = 1_000

export interface BootstrapView {
  readonly host: string
  /** The first; the others follow it. UDP. */
  readonly port: number
  readonly ports: number
  /** For `--bootstrap`. */
  readonly bootstrap: string
}

export interface BootstrapOptions {
  /** An IPv4 address of this host, with a port; chosen if not given. */
  readonly listen: string | undefined
  /** Others that it joins. */
  readonly others: readonly Bootstrap[]
}

/** Until SIGTERM or SIGINT, which it answers. Rejects with ERR_USAGE, ERR_BOOTSTRAP_BIND, ERR_BOOTSTRAP_ADDRESS or ERR_NATIVE_PART. */
export async function runBootstrap(options: BootstrapOptions, onReady: (view: BootstrapView) => void): Promise<string> {
  const { host, port } = options.listen === undefined ? ownAddress() : readListen(options.listen)
  await tryPorts(host, port)
  const packages = await loadDht()
  if ('why' in packages) throw unavailable(packages.why)
  const { DHT } = packages
  const notify = Notify.fromEnvironment()
  const nodes: HyperDHT[] = []
  try {
    for (let i = 0; i < BOOTSTRAP_NODES; i++) {
      const known = options.others.map(formatBootstrap)
      if (i > 0) known.push(`${host}:${port}`)
      const node = DHT.bootstrapper(port + i, host, { host, bootstrap: known })
      nodes.push(node)
      await node.fullyBootstrapped()
    }
    onReady({ host, port, ports: BOOTSTRAP_NODES, bootstrap: `${host}:${port}` })
    notify.ready(`bootstrap node at ${host}:${port}`)
    const why = await stopSignal()
    notify.stopping(why)
    return why
  } finally {
    const late = new Promise((resolve) => setTimeout(resolve, LEAVE_MS_MAX).unref())
    await Promise.race([late, Promise.allSettled(nodes.map((node) => node.destroy({ force: true })))])
  }
}

/** Before hyperdht does: what of it could not bind its port cannot be destroyed, and keeps the process alive. */
async function tryPorts(host: string, port: number): Promise<void> {
  try {
    for (let i = 0; i < BOOTSTRAP_NODES; i++) await tryPort(host, port + i)
  } catch (cause) {
    throw bindFailed(host, port, cause)
  }
}

function tryPort(address: string, port: number): Promise<void> {
  const socket = dgram.createSocket('udp4')
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close()
      reject(error)
    })
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve()))
  })
}

function readListen(text: string): { host: string; port: number } {
  const [, host = '', digits] = /^([^:]*)(?::(\d{1,5}))?$/.exec(text) ?? []
  const port = digits === undefined ? BOOTSTRAP_PORT : Number(digits)
  const hint = `give an IPv4 address of this host, such as 10.0.0.1 or 10.0.0.1:${BOOTSTRAP_PORT}`
  const refuse = (problem: string) => new BatonError('ERR_USAGE', `--listen '${text}' ${problem}`, { hint })
  if (canonicalIp(host) === undefined || isIpv6(host))
    throw refuse('is no IPv4 address, which is all that the DHT speaks')
  if (isWildcard(host)) throw refuse('is every address: nodes must be told one')
  if (!isPort(port) || !isPort(port + BOOTSTRAP_NODES - 1)) {
    throw refuse(`has no room for ${BOOTSTRAP_NODES} ports from ${port} on`)
  }
  return { host, port }
}

function ownAddress(): { host: string; port: number } {
  const host = reachableAddresses().find((address) => !isIpv6(address) && !isLoopback(address))
  if (host !== undefined) return { host, port: BOOTSTRAP_PORT }
  throw new BatonError('ERR_BOOTSTRAP_ADDRESS', 'this host has no IPv4 address that others reach', {
    hint: 'give one with --listen',
  })
}

function unavailable(why: string): BatonError {
  const hint =
    'run it on a host that can (docs/install.md); nodes of one LAN need none, and others find each other by --seed'
  return new BatonError('ERR_NATIVE_PART', `no bootstrap node can run here: ${why}`, { hint })
}

function bindFailed(host: string, port: number, cause: unknown): BatonError {
  const hints: Record<string, string> = {
    EADDRINUSE: 'another program uses one of these UDP ports: stop it, or choose others with --listen',
    EADDRNOTAVAIL: 'this host does not have that address: choose one that `ip address` shows',
    EACCES: 'ports below 1024 need a privilege: choose higher ones',
  }
  const errno = errnoOf(cause) || messageOf(cause)
  const hint = hints[errnoOf(cause)]
  const ports = `UDP ports ${port} to ${port + BOOTSTRAP_NODES - 1}`
  const message = `cannot bind ${ports} of ${host}: ${errno}`
  return new BatonError('ERR_BOOTSTRAP_BIND', message, hint === undefined ? { cause } : { hint, cause })
}
