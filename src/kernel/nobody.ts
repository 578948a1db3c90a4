import type { Endpoint } from '../base/address.js'
import type { SocketHandler } from '../proxy/ports.js'

/** Of a socket whose address cannot be told. */
export const NOWHERE: Endpoint = { address: '0.0.0.0', port: 0 }

/** Before a socket has a handler, and after its last event. */
export const NOBODY: SocketHandler = {
  onOpen: () => {},
  onData: () => {},
  onEnd: () => {},
  onDrain: () => {},
  onClose: () => {},
}
