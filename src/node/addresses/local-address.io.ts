import dgram from 'node:dgram'
import { isIpv6 } from '../../base/address.js'
import { errnoOf } from '../../base/errors.js'

/** Whether this host has an address: '' if so, else the system's word (`EADDRNOTAVAIL`). Binds a UDP port for a moment. */
export function probeLocalAddress(address: string): Promise<string> {
  const socket = dgram.createSocket(isIpv6(address) ? 'udp6' : 'udp4')
  return new Promise((resolve) => {
    socket.once('error', (error) => {
      socket.close()
      resolve(errnoOf(error) || 'EADDRNOTAVAIL')
    })
    socket.bind(0, address, () => socket.close(() => resolve('')))
  })
}
