import { readdirSync } from 'node:fs'
import net from 'node:net'
import { until } from '../../src/lab/wait.io.js'
import type { Scope } from '../harness/suite.js'
import { TestNode } from '../trunk/nodes.js'

/** As many at a time: a process has a limit of open files. */
const BATCH = 250

export interface HalfOpen {
  readonly refused: number
  /** Of both ends, which are in this process. */
  readonly descriptors: number
  /** The longest that a member waited for an answer meanwhile. */
  readonly rttMs: number
}

/**
 * So many connections to a node's control port that prove nothing and are never closed by who made them. Of those that the node has no
 * place for most get an RST, and some wait in the kernel's queue, where they cost the node nothing.
 */
export async function halfOpen(scope: Scope, count: number): Promise<HalfOpen> {
  const a = await TestNode.up(scope, 0, { onMessage: (node, _from, payload) => void node.send(b, 1, ...payload) })
  const b = await TestNode.up(scope, 1)
  b.wants(a)
  await b.hears('up 0')
  const held = new Set<net.Socket>()
  scope.defer(() => {
    for (const socket of held) socket.destroy()
  })
  const open = () =>
    new Promise<void>((resolve) => {
      const socket = net.connect(a.at.port, a.at.address)
      held.add(socket.resume())
      socket.on('error', () => {})
      socket.on('close', () => held.delete(socket))
      socket.once('connect', () => resolve())
      socket.once('close', () => resolve())
    })
  let rttMs = 0
  for (let done = 0; done < count; done += BATCH) {
    await Promise.all(Array.from({ length: Math.min(BATCH, count - done) }, open))
    const at = performance.now()
    const before = b.count('message 0/1')
    b.send(a, 1, 1)
    await until(() => (b.count('message 0/1') > before ? true : undefined), 5_000, 'a member is answered', 1)
    rttMs = Math.max(rttMs, performance.now() - at)
  }
  const c = await TestNode.up(scope, 2)
  a.wants(c)
  await a.hears('up 2')
  return { refused: a.links.counters.refusedUnread, descriptors: openDescriptors(), rttMs }
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}
