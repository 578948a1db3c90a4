/** The keyring's part of the control API, as a client asks for it. */
import type { Millis } from '../../base/time.js'
import type {
  BanView,
  KeyAddRequest,
  KeysChanged,
  KeysControl,
  KeysView,
  RotationView,
  TokenView,
} from './keys-protocol.js'

/** Each step waits until all nodes have confirmed it. */
const STEP_MS: Millis = 5_000
const ROTATION_MS: Millis = 45_000

interface Request {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: unknown
}

/** `moreMs`: beyond what every request may take. */
export type Ask = <View>(request: Request, moreMs?: Millis) => Promise<View>

export function keysClient(ask: Ask): KeysControl {
  return {
    ban: (body) => ask<BanView>({ method: 'POST', path: '/v1/bans', body }, ROTATION_MS),
    unban: (node, force) =>
      ask<BanView>(
        { method: 'DELETE', path: `/v1/bans/${encodeURIComponent(node)}${force ? '?force=1' : ''}` },
        STEP_MS,
      ),
    token: () => ask<TokenView>({ method: 'GET', path: '/v1/keys/token' }),
    list: (reveal) => ask<KeysView>({ method: 'GET', path: reveal ? '/v1/keys/secrets' : '/v1/keys' }),
    add: (body: KeyAddRequest) => ask<KeysChanged>({ method: 'POST', path: '/v1/keys', body }, STEP_MS),
    use: (id, force) =>
      ask<KeysChanged>({ method: 'POST', path: `/v1/keys/${encodeURIComponent(id)}/use`, body: { force } }, STEP_MS),
    remove: (id, force) =>
      ask<KeysChanged>(
        { method: 'DELETE', path: `/v1/keys/${encodeURIComponent(id)}${force ? '?force=1' : ''}` },
        STEP_MS,
      ),
    rotate: (force) => ask<RotationView>({ method: 'POST', path: '/v1/keys/rotate', body: { force } }, ROTATION_MS),
  }
}
