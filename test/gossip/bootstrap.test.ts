import { formatBootstrap, parseBootstrap } from '../../src/gossip/discovery/bootstrap.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('gossip/bootstrap')

const read = (text: string): string => {
  const parsed = parseBootstrap(text)
  return parsed.type === 'bootstrap' ? formatBootstrap(parsed.bootstrap) : parsed.problem
}

test('an address or a name, with or without its port', () => {
  assert.is(read('10.0.0.1'), '10.0.0.1:49737')
  assert.is(read('10.0.0.1:5000'), '10.0.0.1:5000')
  assert.is(read('Boot.example:5000'), 'boot.example:5000')
  assert.is(read('boot'), 'boot:49737')
})

test('anything else is told', () => {
  assert.is(read('fd00::1'), "bootstrap 'fd00::1' is an IPv6 address: the DHT speaks IPv4 alone")
  assert.is(read('[fd00::1]:5000'), "bootstrap '[fd00::1]:5000' is an IPv6 address: the DHT speaks IPv4 alone")
  assert.is(read('boot:70000'), "bootstrap 'boot:70000' has port 70000; ports go from 1 to 65535")
  assert.is(read('0.0.0.0:5000'), "bootstrap '0.0.0.0:5000' names every address of a host, not one")
  assert.is(read(''), "bootstrap ':49737' is no host with a port")
  assert.is(read('a b'), "bootstrap 'a b:49737' is no host with a port")
})

test.run()
