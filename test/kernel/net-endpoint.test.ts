import { NetSockets } from '../../src/kernel/net-endpoint.io.js'
import { suite } from '../harness/suite.js'
import { testSockets } from './endpoint-compliance.js'

const test = suite('kernel/net-endpoint', 5_000)

testSockets(test, () => new NetSockets())

test.run()
