/** A thousand services on sixteen nodes: who gets how many, and what it costs when nothing happens. */
import { assert, suite } from '../harness/suite.js'
import { QuietCluster } from './quiet-cluster.js'

const test = suite('sim/many-services', 300_000)
const NODES = 16

test('1,000 services spread within 20 % over 16 nodes, and cost the network as little as ten do', () => {
  const cost = (count: number) => {
    const cluster = new QuietCluster({ nodes: NODES, profile: 'lan', seed: 1 })
    const names = Array.from({ length: count }, (_, i) => `s${i}`)
    cluster.addServices(names)
    cluster.run(6_000)
    const held = cluster.hosts.map((host) => names.filter((name) => host.acts(name)).length)
    const before = cluster.network.streamBytes
    cluster.run(2_000)
    return { held, bytesPerSecond: (cluster.network.streamBytes - before) / 2 / NODES }
  }
  const [few, many] = [cost(10), cost(1_000)]
  assert.is(
    many.held.reduce((sum, held) => sum + held, 0),
    1_000,
  )
  const sorted = [...many.held].sort((a, b) => a - b)
  console.log(
    `each holds ${sorted[0]} to ${sorted.at(-1)}; control links carry ${many.bytesPerSecond.toFixed(0)} bytes a second and node, ${few.bytesPerSecond.toFixed(0)} with 10 services`,
  )
  for (const held of many.held) assert.ok(Math.abs(held - 62.5) <= 12.5, `${many.held}`)
  assert.ok(
    many.bytesPerSecond <= 2 * few.bytesPerSecond,
    `${many.bytesPerSecond} and ${few.bytesPerSecond} bytes a second`,
  )
})

test.run()
