import { parseIperf } from '../../bench/load/iperf.js'
import { parseWrk } from '../../bench/load/wrk.js'
import { parseOptions } from '../../bench/options.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('bench/parsers')

const WRK_OUTPUT = `Running 3s test @ http://127.0.0.50:8088/
  1 threads and 64 connections
  96000 requests in 3.00s, 108.00MB read
Requests/sec:  32000.00
baton-bench {"requests":96000,"us":3000000,"p50":1700,"p99":6390,"p999":11600,"errors":2}
`

test('of the output of wrk the line of our script is read, in ms', () => {
  assert.equal(parseWrk(WRK_OUTPUT), {
    requests: 96_000,
    seconds: 3,
    p50Ms: 1.7,
    p99Ms: 6.39,
    p999Ms: 11.6,
    errors: 2,
  })
})

test('wrk without an answer or without the line is no measurement', () => {
  assert.throws(() => parseWrk('unable to connect'), /no result/)
  assert.throws(() => parseWrk('baton-bench {"requests":0,"us":3000000}'), /not one request/)
})

test('of iperf3 the receiving end counts', () => {
  const end = { sum_sent: { bytes: 9, seconds: 1 }, sum_received: { bytes: 5_000_000_000, seconds: 4.01 } }
  assert.equal(parseIperf(JSON.stringify({ start: {}, end })), { bytes: 5e9, seconds: 4.01 })
})

test('an iperf3 that failed or moved nothing is no measurement', () => {
  assert.throws(() => parseIperf('{"end":{},"error":"unable to connect to server"}'), /unable to connect/)
  assert.throws(() => parseIperf('{"end":{"sum_received":{"bytes":0,"seconds":1}}}'), /nothing/)
})

test('options have defaults, keep the order of works, and refuse what does not exist', () => {
  const usual = parseOptions([])
  assert.is(usual.rounds, 5)
  assert.is(usual.seconds, 4)
  assert.is(usual.peers, undefined)
  assert.equal(parseOptions(['--only', 'idle,bulk-up']).works, ['bulk-up', 'idle'])
  assert.equal(parseOptions(['--quick', '--peers', 'haproxy', '--rounds', '3']).peers, ['haproxy'])
  assert.throws(() => parseOptions(['--only', 'bulk']), /no work bulk/)
  assert.throws(() => parseOptions(['--rounds', '0']), /--rounds 0/)
})

test.run()
