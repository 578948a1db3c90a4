/** What a lane leaves to another process: its rows, one by one, made while nothing moves. */
import type { ClientHalf } from '../proxy/client-half.js'
import type { Counterpart } from '../proxy/counterpart.js'
import type { Half } from '../proxy/half.js'
import type { CarriedEnds } from '../proxy/ports.js'
import type { Backends } from './backends.js'
import type { BoundClient } from './bound.js'
import type { CarriedSocket, ClientRow, NewcomerRow, Place, RowOut, Way } from './carried.js'
import { Channel } from './channel.js'
import type { Direction } from './direction.js'
import { InnerLink } from './inner-link.js'
import type { Holds } from './lane-context.js'
import type { Links } from './links.js'
import type { Newcomer } from './newcomers.js'
import type { SpliceRecords } from './splice-records.js'

export const JUST_TAKEN_OVER = 'were just taken over: try again in some seconds'

const NOTHING_LEFT: CarriedEnds = { unsent: new Uint8Array(0), read: true, ending: true, sent: true }

/** What more there is to a client than its half. */
export interface Carriers {
  readonly holds?: Pick<Holds, 'carried'> | undefined
  readonly records?: Pick<SpliceRecords, 'carried'> | undefined
}

export function* rowsOfHalves(
  directions: Iterable<Direction>,
  backends: Backends,
  links: Links,
  { holds, records }: Carriers,
): Generator<RowOut, void, undefined> {
  const places = new Map<ClientHalf, { at: Place | undefined; readonly abandoned: Place[] }>()
  for (const { bound, place } of links.clients()) note(places, bound, place)
  for (const direction of directions) {
    const service = direction.service.name
    if (direction.isSettling) throw new Error(`connections of ${service} ${JUST_TAKEN_OVER}`)
    for (const { at, fd } of direction.listening()) yield { row: { kind: 'listener', service, at }, fd }
    for (const client of direction.clients) {
      const row = clientRow(client, service, places.get(client))
      const held = holds?.carried(client)
      const trail = records?.carried(client)
      if (row !== undefined) yield { row: { ...row, held, trail }, fd: row.socket.isGone ? -1 : client.half.socket.fd }
    }
    for (const newcomer of direction.newcomers.all) {
      const row = newcomerRow(newcomer, service)
      if (row !== undefined) yield { row, fd: newcomer.socket.fd }
    }
  }
  for (const backend of backends.halves) {
    // One that is not open yet is lost with the link, as whenever a link breaks: its client is served elsewhere, or here once more.
    const socket = backend.isOpened ? carriedSocket(backend.half) : undefined
    if (socket === undefined) continue
    const { request } = backend
    const row = { kind: 'backend', request, backend: backend.carried, socket, way: wayOf(backend.counterpart) } as const
    yield { row, fd: socket.isGone ? -1 : backend.half.socket.fd }
  }
  for (const [contest, term] of backends.obeyed) yield { row: { kind: 'obeyed', contest, term }, fd: -1 }
}

function note(
  places: Map<ClientHalf, { at: Place | undefined; readonly abandoned: Place[] }>,
  { client, isAbandoned }: BoundClient,
  place: Place,
): void {
  const known = places.get(client) ?? { at: undefined, abandoned: [] }
  places.set(client, known)
  // Asked, and not answered: the backend half that may stand there by now is not wanted in the next process.
  if (isAbandoned || client.isDialing) known.abandoned.push(place)
  else known.at = place
}

function clientRow(
  client: ClientHalf,
  service: string,
  places: { readonly at: Place | undefined; readonly abandoned: readonly Place[] } | undefined,
): ClientRow | undefined {
  const socket = carriedSocket(client.half)
  if (socket === undefined) return undefined
  const { id, startedAt, parkedUntil, waitsUntil, snapshot, source, introduction, joined, half, isOutward } = client
  const { at, abandoned = [] } = places ?? {}
  const waits = { parkedUntil, waitsUntil }
  const own = { kind: 'client', service, id, startedAt, ...waits, isOutward, source, introduction } as const
  const common = { ...own, snapshot, socket, half: half.carried, abandoned }
  if (joined === undefined) return { ...common, joined: undefined }
  const { node, server, counterpart } = joined
  const { local, remote } = server
  const way = wayOf(counterpart)
  // No more of it than its name: whoever gave it may have given all that it knows of itself.
  const name = { node: node.node, name: node.name }
  return { ...common, joined: { node: name, server: { local, remote }, way, lane: at?.lane ?? 0 } }
}

function newcomerRow({ socket, startedAt, snapshot, heard }: Newcomer, service: string): NewcomerRow | undefined {
  const ends = socket.carried?.()
  if (ends === undefined) return undefined
  const { local, remote } = socket
  return { kind: 'newcomer', service, startedAt, snapshot, socket: { ...ends, local, remote, isGone: false }, heard }
}

/** `undefined`: it is just ending, and its end has been told of or will be found by the kernel. */
function carriedSocket({ socket, isSocketGone }: Half): CarriedSocket | undefined {
  const { local, remote } = socket
  if (isSocketGone) return { ...NOTHING_LEFT, local, remote, isGone: true }
  const ends = socket.carried?.()
  return ends === undefined ? undefined : { ...ends, local, remote, isGone: false }
}

function wayOf(counterpart: Counterpart): Way {
  if (!counterpart.isRemote) return 'joint'
  return counterpart instanceof Channel && counterpart.link instanceof InnerLink ? 'inner' : 'link'
}
