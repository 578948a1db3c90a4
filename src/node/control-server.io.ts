/**
 * The control API as HTTP + JSON on a unix socket: checks what comes in, asks the `ControlApi`, and turns every problem
 * into a status and an `ErrorView`. Who may open the socket may do everything: its mode is 0600, and it lies in a folder
 * of mode 0700.
 */
import { chmodSync, renameSync, rmSync } from 'node:fs'
import net from 'node:net'
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import { BatonError, errnoOf, messageOf } from '../base/errors.js'
import type { Logger } from '../base/log.js'
import type { Millis } from '../base/time.js'
import { DECLARED_MAX } from './config-schema.js'
import type {
  AssignmentWrite,
  ControlApi,
  DrainProgramsRequest,
  DrainRequest,
  ErrorView,
  ForgetRequest,
  ImportRequest,
  MoveRequest,
  ReplaceRequest,
  ServiceWrite,
} from './control-protocol.js'
import {
  ANSWER_MS_MAX,
  IMPORT_BYTES_MAX,
  REQUEST_BYTES_MAX,
  SOCKET_PATH_BYTES_MAX,
  SPLICES_LIMIT_DEFAULT,
  SPLICES_LIMIT_MAX,
} from './control-socket.js'
import { type DrillRequest, FAULTS, type Fault } from './drill-protocol.js'
import { classifyError, HTTP_STATUS } from './error-class.js'
import { EXPOSITION_TYPE } from './exposition.js'
import { addKeyRoutes } from './keys-routes.io.js'

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
}

/** Throws ERR_CONTROL_PATH_TOO_LONG, ERR_CONTROL_IN_USE or ERR_CONTROL_LISTEN. */
export async function startControlServer({ path, api, logger }: ControlServerOptions): Promise<ControlServer> {
  return (await ControlSocket.prepare(logger, () => api)).listen(path)
}

/** All that takes time is done before it listens, and it listens when there is an API. */
export class ControlSocket {
  private constructor(private readonly app: FastifyInstance) {}

  static async prepare(logger: Logger, api: () => ControlApi): Promise<ControlSocket> {
    const app = Fastify({
      bodyLimit: REQUEST_BYTES_MAX,
      requestTimeout: ANSWER_MS_MAX,
      forceCloseConnections: 'idle',
      routerOptions: { maxParamLength: 256 },
      // Text stays text: a flag that arrives as "true" is a mistake of the sender and worth an answer.
      ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    })
    app.server.maxConnections = CONNECTIONS_MAX
    answerErrors(app, logger)
    addRoutes(app, api)
    addKeyRoutes(app, api)
    await app.ready()
    return new ControlSocket(app)
  }

  /** `replaces`: another process of this node listens there, and acts no more; its place is taken without a gap. */
  async listen(path: string, replaces = false): Promise<ControlServer> {
    const { app } = this
    checkSocketPath(path)
    // A name of its own first: of the other process nothing is removed.
    const first = replaces ? `${path}.${process.pid}` : path
    await removeStaleSocket(first)
    try {
      await app.listen({ path: first })
      chmodSync(first, 0o600)
      if (replaces) renameSync(first, path)
    } catch (cause) {
      await app.close()
      throw new BatonError('ERR_CONTROL_LISTEN', `cannot listen on the control socket ${path}: ${messageOf(cause)}`, {
        hint: 'look at owner, mode and free space of its folder, or choose another with --state DIR',
        cause,
      })
    }
    return {
      close: async () => {
        await closeWithin(app, CLOSE_MS_MAX)
        if (replaces) rmSync(path, { force: true })
      },
    }
  }
}

async function closeWithin(app: FastifyInstance, limitMs: Millis): Promise<void> {
  const force = setTimeout(() => app.server.closeAllConnections(), limitMs)
  await app.close()
  clearTimeout(force)
}

function addRoutes(app: FastifyInstance, api: () => ControlApi): void {
  app.get('/v1/status', () => api().status())
  app.get('/metrics', async (_request, reply) => reply.type(EXPOSITION_TYPE).send(await api().metrics()))
  app.get('/v1/services', () => api().services())
  app.get<Named>('/v1/services/:name', NAMED, ({ params }) => api().service(params.name))
  app.get<Named>('/v1/services/:name/why', NAMED, ({ params }) => api().why(params.name))
  app.put<Named & { Body: ServiceWrite }>('/v1/services/:name', WRITE, ({ params, body }) =>
    api().writeService(params.name, body),
  )
  app.put<AtNode & { Body: AssignmentWrite }>('/v1/services/:name/nodes/:node', ASSIGN, ({ params, body }) =>
    api().assign(params.name, params.node, body),
  )
  app.put<{ Body: ImportRequest }>('/v1/services', IMPORT, ({ body }) => api().importServices(body))
  app.delete<Named & { Querystring: { force?: string } }>('/v1/services/:name', NAMED, async (request, reply) => {
    await api().removeService(request.params.name, request.query.force === '1')
    return reply.code(204).send()
  })
  app.post<Named & { Body: MoveRequest }>('/v1/services/:name/move', MOVE, ({ params, body }) =>
    api().move(params.name, body),
  )
  app.post<Named & { Body: MoveRequest }>('/v1/services/:name/relocate', MOVE, ({ params, body }) =>
    api().relocate(params.name, body),
  )
  app.post('/v1/balance', () => api().balance())
  app.get<Named & { Querystring: { fault: Fault } }>('/v1/services/:name/drill', DRILL_PLAN, ({ params, query }) =>
    api().drillPlan(params.name, query.fault),
  )
  app.post<Named & { Body: DrillRequest }>('/v1/services/:name/drill', DRILL, ({ params, body }) =>
    api().drill(params.name, body),
  )
  app.post<{ Body: DrainRequest }>('/v1/drain/director', DRAIN, ({ body }) => api().drain(body))
  app.post<{ Body: DrainProgramsRequest }>('/v1/drain/programs', DRAIN_PROGRAMS, ({ body }) =>
    api().drainPrograms(body),
  )
  app.get<{ Querystring: { node?: string; service?: string } }>('/v1/drain/programs', DRAINED, ({ query }) =>
    api().programDrain(query.node, query.service),
  )
  app.post('/v1/stop', () => api().stop())
  app.post('/v1/reload', () => api().reload())
  app.post('/v1/leave', () => api().leave())
  app.post<{ Body: ForgetRequest }>('/v1/forget', FORGET, ({ body }) => api().forget(body))
  app.post<{ Body: ReplaceRequest }>('/v1/replace', REPLACE, ({ body }) => api().replace(body))
  app.get<{ Querystring: { service?: string; limit?: string } }>('/v1/splices', SPLICES, ({ query }) => {
    const limit = Math.min(SPLICES_LIMIT_MAX, Number(query.limit ?? SPLICES_LIMIT_DEFAULT))
    return api().splices(query.service === undefined ? { limit } : { service: query.service, limit })
  })
}

interface Named {
  Params: { name: string }
}

interface AtNode {
  Params: { name: string; node: string }
}

/** Whether a name is a good one is the definition's to say; here it only has a limit. */
const NAME = { type: 'string', minLength: 1, maxLength: 128 }
const PARAMS = { type: 'object', properties: { name: NAME }, required: ['name'] }
const NAMED = { schema: { params: PARAMS } }
const MOVE = {
  schema: { params: PARAMS, body: { type: 'object', properties: { to: NAME }, additionalProperties: false } },
}
const FAULT = { enum: FAULTS }
const DRILL_PLAN = {
  schema: { params: PARAMS, querystring: { type: 'object', required: ['fault'], properties: { fault: FAULT } } },
}
const DRILL = {
  schema: {
    params: PARAMS,
    body: { type: 'object', required: ['fault', 'term'], properties: { fault: FAULT, term: { type: 'integer' } } },
  },
}
const DRAIN = {
  schema: {
    body: {
      type: 'object',
      required: ['undo'],
      properties: { node: NAME, undo: { type: 'boolean' } },
      additionalProperties: false,
    },
  },
}
const DRAIN_PROGRAMS = {
  schema: {
    body: {
      type: 'object',
      required: ['undo'],
      properties: {
        node: NAME,
        service: NAME,
        undo: { type: 'boolean' },
        afterMs: { type: 'integer', minimum: 0, maximum: 2_592_000_000 },
        gradual: { type: 'boolean' },
        thisLife: { type: 'boolean' },
        force: { type: 'boolean' },
      },
      additionalProperties: false,
    },
  },
}
const DRAINED = { schema: { querystring: { type: 'object', properties: { node: NAME, service: NAME } } } }
const FIELDS = {
  type: 'object',
  maxProperties: 128,
  additionalProperties: { anyOf: [{ type: 'string', maxLength: 1024 }, { type: 'number' }] },
}
const WRITE = {
  schema: {
    params: PARAMS,
    body: {
      type: 'object',
      required: ['mode', 'fields'],
      properties: {
        mode: { enum: ['create', 'set'] },
        fields: FIELDS,
        force: { type: 'boolean' },
      },
    },
  },
}
const ASSIGN = {
  schema: {
    params: { type: 'object', properties: { name: NAME, node: NAME }, required: ['name', 'node'] },
    body: { type: 'object', required: ['fields'], properties: { fields: FIELDS, force: { type: 'boolean' } } },
  },
}
/** As many as facts are held of (proxy/listener-table). */
const NODES_MAX = 1_024
const IMPORT = {
  bodyLimit: IMPORT_BYTES_MAX,
  schema: {
    body: {
      type: 'object',
      required: ['services', 'prune', 'dryRun', 'force'],
      properties: {
        services: {
          type: 'array',
          maxItems: DECLARED_MAX,
          items: {
            type: 'object',
            required: ['name', 'fields'],
            properties: {
              name: { type: 'string' },
              fields: FIELDS,
              nodes: { type: 'object', maxProperties: NODES_MAX, additionalProperties: FIELDS },
            },
          },
        },
        prune: { type: 'boolean' },
        dryRun: { type: 'boolean' },
        force: { type: 'boolean' },
      },
    },
  },
}
const FORGET = {
  schema: {
    body: {
      type: 'object',
      required: ['nodes', 'force'],
      properties: { nodes: { type: 'array', items: NAME, minItems: 1, maxItems: 64 }, force: { type: 'boolean' } },
    },
  },
}
const REPLACE = {
  schema: {
    body: {
      type: 'object',
      required: ['version', 'socket'],
      properties: { version: { type: 'number' }, socket: NAME },
    },
  },
}
const SPLICES = {
  schema: {
    querystring: { type: 'object', properties: { service: NAME, limit: { type: 'string', pattern: '^[0-9]{1,6}$' } } },
  },
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
