/** The ledger of this very lane, as if it came by a link: a new director asks itself like everybody else. */
import type { ClientHalf } from '../proxy/client-half.js'
import type { NodeName } from '../proxy/lane-protocol.js'
import type { Socket } from '../proxy/ports.js'
import type { SpliceFrame } from '../proxy/splice-frame.js'
import type { Backends } from './backends.js'
import type { BoundBackend } from './bound.js'
import { Channel } from './channel.js'
import { INNER_HANDLE, InnerLink } from './inner-link.js'
import type { Ledgers } from './ledgers.js'
import { isLedgerNews } from './link-host.js'
import type { LedgerLink, Recoveries } from './recovery.js'

export class OwnLedger implements LedgerLink {
  readonly isUp = true
  readonly takesUnserved = true

  constructor(
    readonly peer: NodeName,
    private readonly backends: Backends,
    private readonly ledgers: Ledgers,
    private readonly recoveries: Recoveries,
  ) {}

  /** What is asked goes one way, what is answered the other. */
  say(frame: SpliceFrame): void {
    if (frame.kind === 'ask') this.ledgers.onAsk(this, frame)
    else if (frame.kind === 'barrier') this.recoveries.onLedger(this, { ...frame, kind: 'passed' })
    else if (frame.kind === 'mortal') this.recoveries.onMortal(frame)
    else if (isLedgerNews(frame)) this.recoveries.onLedger(this, frame)
  }

  revive(client: ClientHalf, server: Pick<Socket, 'local' | 'remote'>): void {
    const { id, term, service, snapshot } = client
    const found = this.backends.find({
      id,
      term,
      service: service.name,
      snapshot: snapshot.bytes,
      snapshotAgeMs: 0,
    })
    if (typeof found === 'string') return client.half.drop(found)
    const { backend, channel } = found
    channel.release()
    client.goOn(this.peer, server, channelTo(found, this.backends))
    const { received, finReceived } = backend.half.progress
    const has = client.half.progress
    channel.bind(new InnerLink(client.half), INNER_HANDLE)
    if (!backend.half.rejoin(has.received, has.finReceived)) backend.half.abort('link-lost', 'bytes were not kept')
    if (!client.half.rejoin(received, finReceived)) client.half.abort('link-lost', 'bytes were not kept')
  }
}

/** The client half's way to a backend half in the same lane. */
export function channelTo(bound: BoundBackend, backends: Backends): Channel {
  const { backend } = bound
  const link = new InnerLink(
    backend.half,
    () => backend.confirm(),
    () => backends.forsake(bound),
  )
  return new Channel(link, INNER_HANDLE)
}
