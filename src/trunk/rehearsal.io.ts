/**
 * One control link from end to end inside this process, over no network, before the first that counts. Code runs at full speed only
 * when it has run before, and the first handshake of a process takes several times as long as the second: whoever goes on with
 * another's leases has made it by then.
 */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { AlarmClock } from '../base/clock.js'
import type { Millis } from '../base/time.js'
import { trunkConfig } from './config.js'
import { ControlLink } from './control-link.io.js'
import { CONTROL_FEATURES, CONTROL_VERSIONS } from './hello.js'
import { clusterProofs, newClusterKey, nodeIdOf, nodeKeyPair } from './keys.io.js'
import type { LinkRole } from './ports.js'

/** It is a convenience: without it all goes on a little slower. */
const REHEARSAL_MS_MAX: Millis = 1_000
const NOWHERE = { address: '127.0.0.1', port: 0 }

/** `false`: it did not come about in time. */
export async function rehearseLink(clock: AlarmClock, limitMs = REHEARSAL_MS_MAX): Promise<boolean> {
  const key = newClusterKey()
  const proofs = clusterProofs(() => [key])
  const [near, far] = pipe()
  const [dialling, answering] = [nodeKeyPair(), nodeKeyPair()]
  const links: ControlLink[] = []
  const late = clock.alarm(() => ended(false))
  let ended: (isUp: boolean) => void = () => {}
  const isUp = await new Promise<boolean>((resolve) => {
    let up = 0
    ended = resolve
    late.set(clock.now() + limitMs)
    const onUp = () => {
      if (++up === 2) resolve(true)
    }
    const end = (role: LinkRole, socket: Duplex, keyPair: typeof dialling): ControlLink => {
      const { publicKey } = keyPair
      const self = {
        node: nodeIdOf(publicKey),
        boot: 1,
        name: role,
        versions: CONTROL_VERSIONS,
        features: CONTROL_FEATURES,
      }
      const expected = role === 'initiator' ? { expected: nodeIdOf(answering.publicKey) } : {}
      const link = new ControlLink(socket as Socket, {
        ...{ role, remote: NOWHERE, self, publicKey, keyPair, proofs, clock, ...expected },
        config: trunkConfig(),
        handler: {
          onReached: () => {},
          onGreeted: () => link.accept(),
          onUp,
          onMessage: () => {},
          onClosed: () => resolve(false),
        },
      })
      return link
    }
    links.push(end('initiator', near, dialling), end('responder', far, answering))
  })
  late.set(undefined)
  for (const link of links) link.cut()
  return isUp
}

/** What is written at one end is read at the other. */
function pipe(): readonly [near: Duplex, far: Duplex] {
  const end = (other: () => Duplex) =>
    new Duplex({
      read: () => {},
      write: (chunk, _encoding, done) => {
        other().push(chunk)
        done()
      },
    })
  const near: Duplex = end(() => far)
  const far: Duplex = end(() => near)
  return [near, far]
}
