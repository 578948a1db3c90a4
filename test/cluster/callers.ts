/** Programs that say their name, and clients that keep their connection and know who has it. */
import { once } from 'node:events'
import net from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { errnoOf } from '../../src/base/errors.js'
import type { Child } from '../../src/lab/child.io.js'
import { childHere } from '../../src/lab/programs.io.js'
import type { Scope } from '../harness/suite.js'

const NAMED = fileURLToPath(new URL('named-main.ts', import.meta.url))
const LIMIT_MS = 5_000

/** Where programs are to run. */
export interface Site {
  readonly name: string
  readonly address: string
}

export function startNamed(scope: Scope, { name, address }: Site, port: number, folder: string, backlog = 511): Child {
  const command = [process.execPath, '--import', 'tsx', NAMED, name, address, String(port), String(backlog)] as const
  const program = childHere(`named ${name}`, [...command], path.join(folder, `${name}-${port}.log`))
  scope.defer(() => program.stop())
  return program
}

export interface Caller {
  /** Who serves it; `RESET`, `REFUSED` or such where nobody does. */
  readonly node: string
  readonly ms: number
  readonly socket: net.Socket
}

export class Callers {
  readonly #sockets = new Set<net.Socket>()

  constructor(
    scope: Scope,
    private readonly to: { readonly host: string; readonly port: number },
  ) {
    scope.defer(() => {
      for (const socket of this.#sockets) socket.destroy()
    })
  }

  /** `localAddress`: of the client. Answers when it has heard who serves it, or that nobody does. */
  async call(localAddress?: string): Promise<Caller> {
    const begun = performance.now()
    const socket = net.connect({ ...this.to, ...(localAddress !== undefined && { localAddress }) })
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    let failure = ''
    socket.on('error', (error) => {
      failure = errnoOf(error) || 'error'
    })
    const timer = setTimeout(() => socket.destroy(Object.assign(new Error(), { code: 'SILENT' })), LIMIT_MS)
    const heard = once(socket, 'data').then(([bytes]) => String(bytes).trim())
    const closed = once(socket, 'close').then(() => failure || 'closed')
    const node = await Promise.race([heard, closed]).catch(() => failure || 'closed')
    clearTimeout(timer)
    return { node, ms: performance.now() - begun, socket }
  }

  /** One after the other, each kept. */
  async callMany(count: number, localAddress?: (i: number) => string): Promise<Caller[]> {
    const callers: Caller[] = []
    for (let i = 0; i < count; i++) callers.push(await this.call(localAddress?.(i)))
    return callers
  }
}

/** In order, and gone when this returns. */
export async function hangUp(callers: readonly Caller[]): Promise<void> {
  await Promise.all(
    callers.map(async ({ socket }) => {
      if (socket.closed) return
      socket.end()
      socket.resume()
      await once(socket, 'close')
    }),
  )
}

export function countNodes(callers: readonly Caller[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { node } of callers) counts[node] = (counts[node] ?? 0) + 1
  return counts
}
