/** What the control API can be asked, and the limits of each question. */
import type { FastifyInstance } from 'fastify'
import { DECLARED_MAX } from '../config-schema.js'
import { addKeyRoutes } from '../keys/keys-routes.io.js'
import { AUDIT_RECORDS_MAX } from '../seeing/audit.js'
import { EXPOSITION_TYPE } from '../seeing/exposition.js'
import type {
  AssignmentWrite,
  ControlApi,
  DrainProgramsRequest,
  DrainRequest,
  ForgetRequest,
  ImportRequest,
  MoveRequest,
  ReplaceRequest,
  ServiceWrite,
} from './control-protocol.js'
import { IMPORT_BYTES_MAX, SPLICES_LIMIT_DEFAULT, SPLICES_LIMIT_MAX } from './control-socket.js'
import { type DrillRequest, FAULTS, type Fault } from './drill-protocol.js'

export function addRoutes(app: FastifyInstance, api: () => ControlApi): void {
  addKeyRoutes(app, api)
  app.get('/v1/status', () => api().status())
  app.get<{ Querystring: { limit?: string } }>('/v1/audit', SPLICES, ({ query }) =>
    api().audit(Math.min(AUDIT_RECORDS_MAX, Number(query.limit ?? AUDIT_RECORDS_MAX))),
  )
  app.get('/metrics', async (_request, reply) => reply.type(EXPOSITION_TYPE).send(await api().metrics()))
  app.get('/v1/events', () => api().events())
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
