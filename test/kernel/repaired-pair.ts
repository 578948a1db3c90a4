/** A connection within this process whose accepted end can be taken away and rebuilt. */
import net from 'node:net'
import type { KernelRepair } from '../../src/kernel/repair.io.js'
import { until } from '../../src/lab/wait.io.js'
import type { Scope } from '../harness/suite.js'

export const waitFor = (isSo: () => boolean) => until(async () => isSo() || undefined, 5_000, isSo.toString(), 2)

export interface Pair {
  readonly client: net.Socket
  readonly fd: number
  readonly server: net.Socket
  readonly ends: {
    readonly local: { address: string; port: number }
    readonly remote: { address: string; port: number }
  }
  readonly heard: () => string
  /** Why the client's connection ended. */
  readonly ended: () => string
}

/** A connection to a listener of this process; nothing is read from it here. */
export async function connected(scope: Scope, address = '127.0.0.1'): Promise<Pair> {
  const listener = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true })
  await new Promise<void>((resolve) => listener.listen(0, address, resolve))
  scope.defer(() => void listener.close())
  const accepted = new Promise<net.Socket>((resolve) => listener.once('connection', resolve))
  const port = (listener.address() as net.AddressInfo).port
  const client = net.connect({ host: address, port, noDelay: true, allowHalfOpen: true })
  scope.defer(() => void client.destroy())
  let text = ''
  let word = ''
  client.on('data', (chunk) => {
    text += chunk
  })
  client.on('error', (error: NodeJS.ErrnoException) => {
    word = error.code ?? 'error'
  })
  client.on('end', () => {
    word ||= 'ended'
  })
  const server = await accepted
  const handle = (server as unknown as { _handle: { fd: number; readStop(): void; reading: boolean } })._handle
  const ends = { local: { address, port }, remote: { address, port: client.localPort ?? 0 } }
  return { client, fd: handle.fd, server, ends, heard: () => text, ended: () => word }
}

export const fdOf = (socket: net.Socket) => (socket as unknown as { _handle: { fd: number } })._handle.fd

/** The former socket goes without a word. */
export function leave(repair: KernelRepair, { server, fd }: Pair): void {
  repair.silence(fd)
  server.destroy()
}

export function adopted(scope: Scope, fd: number): net.Socket {
  const socket = new net.Socket({ fd, readable: true, writable: true, allowHalfOpen: true })
  scope.defer(() => void socket.destroy())
  return socket
}
