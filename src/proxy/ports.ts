/** What the data plane needs from outside; implemented in kernel, handed over by lane. Any folder may import these types. */
export type {
  CarriedEnds,
  CloseCause,
  DialOptions,
  Listener,
  ListenHandler,
  ListenOptions,
  Socket,
  SocketHandler,
  Sockets,
} from './endpoint.js'
export type { HeldShare, HeldSlots } from './held-share.js'
