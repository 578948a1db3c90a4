import { NetSockets } from '../../src/kernel/net-endpoint.io.js'
import { suite } from '../harness/suite.js'
import { testCrowds } from './crowd-compliance.js'
import { testSockets } from './endpoint-compliance.js'

const test = suite('kernel/net-endpoint', 5_000)

const make = () => new NetSockets()

testSockets(test, make)
// libuv fills its buffer of 64 KiB at most 32 times, and one more may lie in the stream.
testCrowds(test, make, { turnBytesMax: 33 * 65_536 })

test.run()
