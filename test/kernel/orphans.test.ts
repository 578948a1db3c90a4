/** Connections that a dead process has left in the kernel: found, told from those of the living, and ended. */
import net from 'node:net'
import { buryOrphans } from '../../src/kernel/orphans.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'

const test = suite('kernel/orphans')
const NEEDS = { root: true }
/** More than both kernels hold of it while nobody reads. */
const FLOOD_BYTES = 32 * 2 ** 20

interface Pair {
  readonly client: net.Socket
  readonly server: net.Socket
  readonly isOver: () => boolean
}

async function connected(scope: Scope, listener: net.Server): Promise<Pair> {
  const { address, port } = listener.address() as net.AddressInfo
  const accepted = new Promise<net.Socket>((resolve) => listener.once('connection', resolve))
  const client = net.connect({ host: address, port })
  scope.defer(() => void client.destroy())
  client.on('error', () => {})
  const server = await accepted
  scope.defer(() => void server.destroy())
  return { client, server, isOver: () => client.closed }
}

/** Its process lets go of it, and its last bytes are never taken: the kernel goes on with it alone. */
async function orphaned(pair: Pair): Promise<void> {
  pair.client.pause()
  pair.server.write(Buffer.alloc(FLOOD_BYTES))
  await new Promise((resolve) => setImmediate(resolve))
  pair.server.destroy()
  await new Promise((resolve) => pair.server.once('close', resolve))
}

for (const address of ['127.0.77.1', '::1']) {
  test(
    `${address}: what no process has is ended, what one has is not`,
    async (scope) => {
      const listener = net.createServer()
      await new Promise<void>((resolve) => listener.listen(0, address, resolve))
      scope.defer(() => void listener.close())
      const [left, kept] = [await connected(scope, listener), await connected(scope, listener)]
      await orphaned(left)
      assert.equal(buryOrphans(address === '::1' ? '::2' : '127.0.77.2'), 0, 'of another address there are none')
      assert.is(buryOrphans(address), 1)
      left.client.resume()
      await until(async () => left.isOver() || undefined, 2_000, 'its client hears of it, the address being here')
      assert.is(buryOrphans(address), 0)
      const heard = new Promise((resolve) => kept.client.once('data', resolve))
      kept.server.write('still here')
      assert.is(String(await heard), 'still here')
    },
    NEEDS,
  )
}

test.run()
