/** A backend on the director's very node: the same two halves, joined in memory; as by a link if the splice is to live on elsewhere. */
import type { BackendHalf } from '../proxy/backend-half.js'
import type { Attempt, ClientHalf, OpenRequest } from '../proxy/client-half.js'
import type { Counterpart } from '../proxy/counterpart.js'
import { Joint } from '../proxy/joint.js'
import type { Socket } from '../proxy/ports.js'
import type { Reason } from '../proxy/reasons.js'
import { LINK_HANDLE } from '../proxy/splice-frame.js'
import type { Backends } from './backends.js'
import { openFrame } from './bound.js'
import { Channel } from './channel.js'
import { INNER_HANDLE, InnerLink } from './inner-link.js'
import { channelTo } from './own-ledger.js'

const NO_HEADER = new Uint8Array(0)

export function openHere(
  backends: Backends,
  client: ClientHalf,
  request: OpenRequest,
  proxyHeader: Uint8Array = NO_HEADER,
): Attempt | undefined {
  const isKept = request.snapshot.byteLength > 0
  const channel = isKept ? new Channel(new InnerLink(client.half), INNER_HANDLE) : undefined
  let toBackend: Counterpart | undefined
  const frame = openFrame(LINK_HANDLE, request, proxyHeader)
  const reply = {
    counterpart: channel ?? new Joint(client.half, () => {}),
    opened: (window: number, socket: Pick<Socket, 'local' | 'remote'>) => {
      if (toBackend !== undefined) client.onOpened(window, socket, toBackend)
    },
    refused: (reason: Reason, detail: string) => client.onRefused(reason, detail),
    gone: () => channel?.release(),
  }
  const backend = backends.open(frame, reply, request.sorry)
  if (backend === undefined) return undefined
  const counterpart =
    channel === undefined ? new Joint(backend.half, () => backend.confirm()) : keep(backends, backend, channel)
  toBackend = counterpart
  const cancel = (reason: Reason) => {
    counterpart.reset(reason)
    counterpart.confirm()
  }
  return { counterpart, cancel }
}

function keep(backends: Backends, backend: BackendHalf, channel: Channel): Channel {
  const bound = { role: 'backend', backend, channel } as const
  backends.remember(bound)
  return channelTo(bound, backends)
}
