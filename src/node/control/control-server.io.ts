/**
 * The control API as HTTP + JSON on a unix socket: checks what comes in, asks the `ControlApi`, and turns every problem
 * into a status and an `ErrorView`. Who may open the socket may do everything: its mode is 0600, and it lies in a folder
 * of mode 0700; where operators name groups, see control-access and control-guard.
 */
import { chmodSync, renameSync, rmSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import { BatonError, errnoOf, messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import type { AuditRecord } from '../seeing/audit.js'
import { type ControlAccess, closeAround, openTo, ownersOf, READ_SOCKET, userNameOf } from './control-access.io.js'
import { guardRequests } from './control-guard.io.js'
import type { ControlApi, ErrorView } from './control-protocol.js'
import { addRoutes } from './control-routes.io.js'
import { ANSWER_MS_MAX, REQUEST_BYTES_MAX, SOCKET_PATH_BYTES_MAX } from './control-socket.js'
import { classifyError, HTTP_STATUS } from './error-class.js'

/** Commands come one at a time from people and scripts; more at once is a script gone wild. */
const CONNECTIONS_MAX = 64

/** A request that is not answered by then is cut off: a node that stops must not wait for it. */
const CLOSE_MS_MAX: Millis = 1_000

export interface ControlServer {
  /** Answers what is under way, then removes the socket. */
  close(): Promise<void>
}

export interface ControlServerOptions {
  readonly path: string
  readonly api: ControlApi
  readonly logger: Logger
  readonly access?: ControlAccess
  readonly audit?: (record: AuditRecord) => void
}

/** Throws ERR_CONTROL_PATH_TOO_LONG, ERR_CONTROL_IN_USE, ERR_CONTROL_GROUP or ERR_CONTROL_LISTEN. */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { path: at, api } = options
  return (await ControlSocket.prepare({ ...options, api: () => api })).listen(at)
}

export interface ControlSocketOptions extends Omit<ControlServerOptions, 'path' | 'api'> {
  readonly api: () => ControlApi
}

/** All that takes time is done before it listens, and it listens when there is an API. */
export class ControlSocket {
  private constructor(
    private readonly app: FastifyInstance,
    private readonly access: ControlAccess,
    /** Connections that may only look. */
    private readonly readers: WeakSet<net.Socket>,
  ) {}

  static async prepare({ logger, api, access = {}, audit }: ControlSocketOptions): Promise<ControlSocket> {
    const app = Fastify({
      bodyLimit: REQUEST_BYTES_MAX,
      requestTimeout: ANSWER_MS_MAX,
      forceCloseConnections: 'idle',
      routerOptions: { maxParamLength: 256 },
      // Text stays text: a flag that arrives as "true" is a mistake of the sender and worth an answer.
      ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    })
    app.server.maxConnections = CONNECTIONS_MAX
    // JSON alone: what is in a text would not be checked, and be noted as it is.
    app.removeContentTypeParser('text/plain')
    const readers = new WeakSet<net.Socket>()
    answerErrors(app, logger)
    guardRequests(app, {
      isReader: (socket) => readers.has(socket),
      writers: () => ownersOf(access),
      nameOf: userNameOf,
      note: audit ?? (() => {}),
    })
    addRoutes(app, api)
    await app.ready()
    return new ControlSocket(app, access, readers)
  }

  /** `replaces`: another process of this node listens there, and acts no more; its place is taken without a gap. */
  async listen(at: string, replaces = false): Promise<ControlServer> {
    const { app, access, readers } = this
    const readAt = path.join(path.dirname(at), READ_SOCKET)
    const readServer = net.createServer((socket) => {
      readers.add(socket)
      app.server.emit('connection', socket)
    })
    readServer.maxConnections = CONNECTIONS_MAX
    const close = async () => {
      readServer.close()
      await app.close()
    }
    try {
      await listenAt(at, replaces, access.write, (first) => app.listen({ path: first }))
      if (access.read !== undefined)
        await listenAt(readAt, replaces, access.read, (first) => listening(readServer, first))
      // Of an earlier start, when there was a group.
      else rmSync(readAt, { force: true })
      if (access.read === undefined && access.write === undefined) closeAround(at)
    } catch (error) {
      await close()
      throw error
    }
    return {
      close: async () => {
        readServer.close()
        await closeWithin(app, CLOSE_MS_MAX)
        if (replaces) for (const name of [at, readAt]) rmSync(name, { force: true })
      },
    }
  }
}

async function listenAt(
  at: string,
  replaces: boolean,
  group: number | undefined,
  listen: (path: string) => Promise<unknown>,
): Promise<void> {
  checkSocketPath(at)
  // A name of its own first: of the other process nothing is removed.
  const first = replaces ? `${at}.${process.pid}` : at
  await removeStaleSocket(first)
  try {
    await listen(first)
    chmodSync(first, 0o600)
    if (group !== undefined) openTo(first, group)
    if (replaces) renameSync(first, at)
  } catch (cause) {
    if (cause instanceof BatonError) throw cause
    throw new BatonError('ERR_CONTROL_LISTEN', `cannot listen on the control socket ${at}: ${messageOf(cause)}`, {
      hint: 'look at owner, mode and free space of its folder, or choose another with --state DIR',
      cause,
    })
  }
}

function listening(server: net.Server, at: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path: at }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function closeWithin(app: FastifyInstance, limitMs: Millis): Promise<void> {
  const force = setTimeout(() => app.server.closeAllConnections(), limitMs)
  await app.close()
  clearTimeout(force)
}

function answerErrors(app: FastifyInstance, logger: Logger): void {
  app.setNotFoundHandler((request, reply) => {
    const message = `the node knows no ${request.method} ${request.url.slice(0, 200)}`
    const view: ErrorView = { code: 'ERR_REQUEST_UNKNOWN', message, hint: 'the node may be older than this command' }
    return reply.code(404).send(view)
  })
  app.setErrorHandler((error, request, reply) => {
    const view = viewOf(error)
    if (view.code === 'ERR_INTERNAL') {
      const stack = error instanceof Error ? error.stack : String(error)
      logger.log('error', 'control.failed', { request: `${request.method} ${request.url.slice(0, 200)}`, stack })
    }
    return reply.code(HTTP_STATUS[classifyError(view.code)]).send(view)
  })
}

function viewOf(error: unknown): ErrorView {
  if (error instanceof BatonError) {
    const { code, message, hint } = error
    return hint === undefined ? { code, message } : { code, message, hint }
  }
  if (isRequestFault(error))
    return { code: 'ERR_REQUEST_INVALID', message: `the request is not valid: ${error.message}` }
  return {
    code: 'ERR_INTERNAL',
    message: `the node failed to answer: ${messageOf(error)}`,
    hint: 'this is a fault of Baton; the log of the node says more',
  }
}

/** Of fastify's own errors those that the sender caused: no JSON, too long, not what the schema says. */
function isRequestFault(error: unknown): error is FastifyError {
  if (!(error instanceof Error) || !('statusCode' in error)) return false
  return typeof error.statusCode === 'number' && error.statusCode < 500
}

/** The kernel would cut a longer path, or refuse it with a word that helps nobody. */
export function checkSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path)
  if (bytes <= SOCKET_PATH_BYTES_MAX) return
  throw new BatonError(
    'ERR_CONTROL_PATH_TOO_LONG',
    `the control socket ${path} has a path of ${bytes} bytes; a unix socket can have ${SOCKET_PATH_BYTES_MAX}`,
    {
      hint: `choose a state folder whose path is at least ${bytes - SOCKET_PATH_BYTES_MAX} bytes shorter: --state DIR`,
    },
  )
}

/** What a killed process left behind refuses connections; what answers belongs to a living one and stays. */
async function removeStaleSocket(path: string): Promise<void> {
  const answer = await knock(path)
  if (answer === 'ENOENT') return
  if (answer === 'ECONNREFUSED') return rmSync(path, { force: true })
  throw new BatonError(
    'ERR_CONTROL_IN_USE',
    answer === ''
      ? `another process answers on the control socket ${path}`
      : `the control socket ${path} cannot be taken over: ${answer}`,
    { hint: 'stop the node that runs there, or choose another folder with --state DIR' },
  )
}

/** '' if somebody answers, else why not. */
function knock(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      resolve('')
    })
    socket.once('error', (error) => resolve(errnoOf(error)))
  })
}
