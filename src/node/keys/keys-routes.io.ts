import type { FastifyInstance } from 'fastify'
import type { ControlApi } from '../control/control-protocol.js'
import type { BanRequest, KeyAddRequest } from './keys-protocol.js'

interface OfKey {
  Params: { id: string }
  Querystring: { force?: string }
}

const ID = { type: 'string', pattern: '^[0-9a-fA-F]{1,16}$' }
const OF_KEY = { schema: { params: { type: 'object', properties: { id: ID }, required: ['id'] } } }
const FORCE = { type: 'object', required: ['force'], properties: { force: { type: 'boolean' } } }
const ADD = {
  schema: { body: { ...FORCE, properties: { force: { type: 'boolean' }, key: { type: 'string', maxLength: 256 } } } },
}

const BAN = {
  schema: {
    body: {
      type: 'object',
      required: ['node', 'rotate', 'force'],
      properties: {
        node: { type: 'string', minLength: 1, maxLength: 128 },
        rotate: { type: 'boolean' },
        force: { type: 'boolean' },
      },
    },
  },
}

export function addKeyRoutes(app: FastifyInstance, api: () => ControlApi): void {
  app.post<{ Body: BanRequest }>('/v1/bans', BAN, ({ body }) => api().keys.ban(body))
  app.delete<{ Params: { node: string }; Querystring: { force?: string } }>('/v1/bans/:node', ({ params, query }) =>
    api().keys.unban(params.node, query.force === '1'),
  )
  app.get('/v1/keys', () => api().keys.list(false))
  app.get('/v1/keys/token', () => api().keys.token())
  app.get('/v1/keys/secrets', () => api().keys.list(true))
  app.post<{ Body: KeyAddRequest }>('/v1/keys', ADD, ({ body }) => api().keys.add(body))
  app.post<{ Body: { force: boolean } }>('/v1/keys/rotate', { schema: { body: FORCE } }, ({ body }) =>
    api().keys.rotate(body.force),
  )
  app.post<OfKey & { Body: { force: boolean } }>(
    '/v1/keys/:id/use',
    { schema: { ...OF_KEY.schema, body: FORCE } },
    ({ params, body }) => api().keys.use(params.id, body.force),
  )
  app.delete<OfKey>('/v1/keys/:id', OF_KEY, ({ params, query }) => api().keys.remove(params.id, query.force === '1'))
}
