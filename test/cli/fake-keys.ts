/** The keyring's part of the fake node, and fixed answers for the golden screens. */
import { BatonError } from '../../src/base/errors.js'
import type { BanView, KeysControl, KeysView, KeyView, RotationView } from '../../src/node/keys/keys-protocol.js'
import type { AuditView } from '../../src/node/seeing/audit.js'
import { NODES } from './views.js'

const [one, two, three] = NODES as [(typeof NODES)[0], (typeof NODES)[0], (typeof NODES)[0]]
export const WALL_MS = 1_790_000_000_000

const OLD: KeyView = {
  id: '3f9a0c11d2e4b587',
  primary: true,
  addedAtMs: null,
  addedBy: null,
  heldBy: [one, two, three],
  primaryOn: [one, two, three],
  lackedBy: [],
}
const NEW: KeyView = {
  id: '77c2e4d09b1f3a6e',
  primary: false,
  addedAtMs: WALL_MS - 90_000,
  addedBy: 'node1',
  heldBy: [one, two],
  primaryOn: [],
  lackedBy: [three],
}
export const TOKEN = `baton-token-1-${'b'.repeat(90)}`
export const SECRET = `baton-key-1-${'a'.repeat(58)}`

export const ordinaryKeys: KeysView = {
  keys: [{ ...OLD, heldBy: [one, two, three] }],
  silent: [],
  absent: [],
  banned: [],
}
export const rotatingKeys: KeysView = {
  keys: [OLD, NEW],
  silent: [],
  absent: [{ ...three, name: 'node4' }],
  banned: [{ id: 'ab'.repeat(16), name: 'node5', by: 'node1', atMs: WALL_MS - 3_600_000 }],
}
export const rotation: RotationView = {
  keys: [{ ...NEW, primary: true, heldBy: [one, two, three], lackedBy: [] }, OLD],
  silent: [],
  absent: [],
  banned: [],
  id: NEW.id,
  removed: [],
  kept: [{ id: OLD.id, why: '3f9a0c11d2e4b587 may be the only key by which node4 can come back' }],
  ms: 62,
}

export const ban: BanView = { node: three, banned: true, waiting: [], seat: 'removed' }

export const refusedRotation: Pick<BanView, 'rotationRefused' | 'knownKeys'> = {
  rotationRefused: {
    code: 'ERR_KEY_RING_FULL',
    message: 'the ring holds 8 keys already',
    hint: 'the others may be needed by node4: start them first',
  },
  knownKeys: [OLD.id],
}

export function fakeKeys(asked: unknown[]): KeysControl {
  const changed = (what: string, id: string, force: boolean) => {
    asked.push({ what, id, force })
    if (id === '00') throw new BatonError('ERR_KEY_UNKNOWN', 'there is no key 00 in the ring')
    return { ...rotatingKeys, id: NEW.id, waiting: [] }
  }
  return {
    ban: async (request) => {
      asked.push(request)
      if (request.node === 'node4') return { ...ban, ...refusedRotation }
      return { ...ban, ...(request.rotate ? { rotation, knownKeys: [OLD.id] } : {}) }
    },
    unban: async (node, force) => {
      asked.push({ unban: node, force })
      return { ...ban, banned: false, seat: 'none' }
    },
    token: async () => ({ token: TOKEN, bootstraps: [], seeds: ['10.0.0.1:7440'] }),
    list: async (reveal) => (reveal ? { ...ordinaryKeys, keys: [{ ...OLD, secret: SECRET }] } : ordinaryKeys),
    add: async ({ key = 'made', force }) => changed('add', key, force),
    use: async (id, force) => changed('use', id, force),
    remove: async (id, force) => changed('remove', id, force),
    rotate: async (force) => {
      asked.push({ what: 'rotate', force })
      return rotation
    },
  }
}

export const audited: AuditView = {
  records: [
    {
      at: '2026-09-21T14:13:20.000Z',
      uid: 0,
      gid: 0,
      pid: 812,
      user: 'root',
      command: 'POST /v1/keys/rotate',
      arguments: '{"force":false}',
      result: 'ok',
    },
    {
      at: '2026-09-21T14:14:20.000Z',
      uid: 1000,
      gid: 33,
      pid: 813,
      command: 'DELETE /v1/services/web',
      arguments: '',
      result: 'ERR_CONTROL_DENIED',
    },
  ],
  isCut: true,
}
