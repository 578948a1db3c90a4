/**
 * Who may ask what on the control sockets, and what is noted of it. `control.sock` takes everything; `control-read.sock`, where there is
 * one, only what looks. Who may open which is the kernel's to say: owner, group and mode of each.
 */
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { blot } from '../../base/blot.js'
import { BatonError } from '../../base/errors.js'
import { type AuditRecord, auditArguments, DENIED, isWorthAudit } from '../seeing/audit.js'
import { type PeerCredentials, peerCredentials } from './peer-credentials.io.js'

export interface GuardParts {
  /** Came in by the socket that only looks. */
  readonly isReader: (socket: Socket) => boolean
  /** In words: who may do more. */
  readonly writers: () => string
  readonly nameOf: (uid: number) => string | undefined
  readonly note: (record: AuditRecord) => void
}

/** What is asked, as the router understands it: a path can be spelt in many ways. Empty: there is no such thing. */
const routeOf = ({ routeOptions }: FastifyRequest): string => routeOptions.url ?? ''

const COMMAND_CHARACTERS_MAX = 200
/** The process that would say how they ended is gone by then. */
const LAST_WORDS = ['/v1/reload', '/v1/replace', '/v1/stop', '/v1/leave']

export function guardRequests(app: FastifyInstance, { isReader, writers, nameOf, note }: GuardParts): void {
  const peers = new WeakMap<Socket, PeerCredentials>()
  const codes = new WeakMap<FastifyRequest, string>()
  app.server.on('connection', (socket: Socket) => {
    // Now: who hangs up at once is not known any more when the request is answered.
    const peer = peerCredentials(socket)
    if (peer !== undefined) peers.set(socket, peer)
  })
  const record = (request: FastifyRequest, result: string): void => {
    if (!isWorthAudit(request.method, routeOf(request))) return
    const peer = peers.get(request.raw.socket)
    const user = peer && nameOf(peer.uid)
    note({
      at: new Date().toISOString(),
      ...peer,
      ...(user === undefined ? {} : { user }),
      command: blot(`${request.method} ${request.url.split('?')[0]}`).slice(0, COMMAND_CHARACTERS_MAX),
      arguments: auditArguments(request.query, request.body),
      result,
    })
  }
  app.addHook('onRequest', async (request) => {
    if (!isReader(request.raw.socket) || !isWorthAudit(request.method, routeOf(request))) return
    const what = request.method === 'GET' ? 'this tells a secret' : 'this changes something'
    throw new BatonError(DENIED, `${what}, and whoever came by the group that may look may not do it`, {
      hint: `${writers()} may`,
    })
  })
  app.addHook('preHandler', async (request) => {
    if (LAST_WORDS.includes(routeOf(request))) record(request, 'begun')
  })
  app.addHook('onError', async (request, _reply, error) => {
    codes.set(request, 'code' in error && typeof error.code === 'string' ? error.code : 'ERR_INTERNAL')
  })
  app.addHook('onResponse', async (request, reply) => {
    const isTold = LAST_WORDS.includes(routeOf(request)) && reply.statusCode < 400
    if (!isTold) record(request, reply.statusCode < 400 ? 'ok' : (codes.get(request) ?? `status ${reply.statusCode}`))
  })
}
