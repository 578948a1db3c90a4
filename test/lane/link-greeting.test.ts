/** The beginning of a data link, with the seals of a real one: what is left of its keys when it stands. */
import { type Agreed, LinkGreeting } from '../../src/lane/link-greeting.js'
import type { SocketHandler } from '../../src/proxy/endpoint.js'
import { encodePreamble } from '../../src/trunk/link-preamble.js'
import type { LinkSeal } from '../../src/trunk/ports.js'
import { seals } from '../../src/trunk/seals.io.js'
import { assert, suite } from '../harness/suite.js'
import { FakeSocket } from '../proxy/fake-socket.js'

const test = suite('lane/link-greeting')
const SILENT: SocketHandler = { onOpen() {}, onData() {}, onEnd() {}, onDrain() {}, onClose() {} }

for (const dialled of [true, false]) {
  test(`${dialled ? 'dialled' : 'accepted'}: when the link stands, the keys that it began with are in no memory`, () => {
    const [one, two] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    const linkId = new Uint8Array(16).fill(3)
    const keys = { linkId, out: one.slice(), in: two.slice(), suite: 'aes-256-gcm' } as const
    const agreed: Agreed = { peer: { node: 'a', name: 'node-a' }, pair: 0, keys }
    const made: LinkSeal[] = []
    const socket = new FakeSocket()
    const greeting = new LinkGreeting(socket, dialled ? agreed : undefined, 0, {
      seals,
      claim: () => agreed,
      onGreeted: (_greeting, _agreed, seal) => {
        made.push(seal)
        return SILENT
      },
      onFailed: (_greeting, why) => assert.unreachable(why),
    })
    if (dialled) socket.open()
    const peer = seals.sealer('aes-256-gcm', two)
    socket.say(encodePreamble({ linkId, sealHeader: peer.header }))
    assert.is(greeting.agreed, undefined)
    assert.ok([...keys.out, ...keys.in].every((byte) => byte === 0))
    const sealed = new Uint8Array(18)
    peer.sealer.seal(Uint8Array.of(7), sealed)
    assert.is(made[0]?.opener.open(sealed, new Uint8Array(1)), 1, 'the seals have what they need')
    for (const part of [peer.sealer, made[0]?.sealer, made[0]?.opener]) part?.close()
  })
}

test.run()
