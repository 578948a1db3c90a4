import { once } from 'node:events'
import net from 'node:net'
import { DiagSource } from '../../src/kernel/diag-source.io.js'
import { ListeningAt } from '../../src/kernel/listening-at.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'

const test = suite('kernel/listening-at')
const source = DiagSource.open()
const HERE = '127.0.0.1'
if (source instanceof DiagSource) source.close()

async function listen(scope: Scope, host: string) {
  const server = net.createServer()
  server.listen(0, host)
  await once(server, 'listening')
  scope.defer(() => void server.close())
  return { server, port: (server.address() as net.AddressInfo).port }
}

test('who listens at an address, or at all of them, is seen; and that nobody does any more', async (scope) => {
  if (!(source instanceof DiagSource)) return
  let now = 0
  const listening = new ListeningAt({ now: () => now })
  for (const host of [HERE, '0.0.0.0', '::']) {
    const { server, port } = await listen(scope, host)
    now += 1
    assert.is(listening.isTaken({ address: HERE, port }), true, host)
    if (host === HERE) assert.is(listening.isTaken({ address: '127.0.0.2', port }), false, 'elsewhere')
    server.close()
    await once(server, 'close')
    assert.is(listening.isTaken({ address: HERE, port }), true, 'asked in the same moment')
    now += 1
    assert.is(listening.isTaken({ address: HERE, port }), false, host)
  }
})

test.run()
