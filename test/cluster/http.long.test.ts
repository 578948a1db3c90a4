import { Measure, unevenness } from '../../src/lab/measure.js'
import { assert, suite } from '../harness/suite.js'
import { addService, startCluster, startHello } from './fixture.js'
import { askMany } from './http-load.js'

const test = suite('cluster/http', 60_000)

test('10,000 requests through three nodes: none fails, round robin is even within 1 %, PROXY v2 names the client', async (scope) => {
  const fixture = await startCluster(scope)
  startHello(scope, fixture, 8080)
  await addService(fixture, 'web', '8080', 3)
  const measure = new Measure()
  await askMany({ address: fixture.serviceAddress, port: 8080 }, 10_000, 50, measure)
  const { answered, failed, perNode, errors } = measure.summary()
  assert.equal(errors, {})
  assert.is(failed, 0)
  assert.is(answered, 10_000)
  assert.is(Object.keys(perNode).length, 3)
  assert.ok(unevenness(perNode) <= 0.01, `shares ${JSON.stringify(perNode)}`)

  // The same nodes again, with a program that speaks PROXY v2: it sees the client, not a node.
  startHello(scope, fixture, 8088, true)
  await addService(fixture, 'proxied', '8088', 3, '--proxy-protocol', 'v2')
  for (let i = 0; i < 6; i++) {
    const response = await fetch(`http://${fixture.serviceAddress}:8088/`)
    const text = await response.text()
    // A client on this host that connects to a 127.x address comes from 127.0.0.1.
    assert.match(text, /hello from node[123], you are 127\.0\.0\.1:\d+/)
  }
})

test.run()
