import {
  checkNodeName,
  checkNodeOptions,
  type NodeOptions,
  nodeNameOf,
  parseDiscovery,
  parseSeed,
} from '../../src/node/config-schema.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('node/config-schema')

const good: NodeOptions = {
  stateDir: '/x',
  bind: '10.0.0.1',
  bindFrom: 'flag',
  gossipPort: 7440,
  controlPort: 7440,
  dataPort: 7441,
  seeds: [],
  discovery: ['lan', 'seeds'],
  bootstrap: [],
  profile: 'lan',
  engine: 'auto',
  cipher: 'auto',
  witness: false,
  priority: 100,
  logFormat: 'json',
  logLevel: 'info',
  version: '0.1.0',
}

test('the defaults are sound', () => assert.equal(checkNodeOptions(good), []))

test('all problems are told at once', () => {
  const problems = checkNodeOptions({ ...good, bind: '0.0.0.0', gossipPort: 0, controlPort: 70_000, dataPort: 70_000 })
  assert.is(problems.length, 5)
  assert.match(checkNodeOptions({ ...good, bind: 'host' }).join(), 'no IP address')
})

test('lanes listen on the ports that follow the first: there must be room, and not the control port', () => {
  const problems = (options: Partial<NodeOptions>) => checkNodeOptions({ ...good, ...options })
  assert.equal(problems({ lanes: 4 }), [])
  assert.match(problems({ lanes: 0 }).join(), 'give 1 to 64')
  assert.match(problems({ lanes: 65 }).join(), 'give 1 to 64')
  assert.match(problems({ lanes: 4, dataPort: 65_533 }).join(), 'no room for 4 lanes')
  assert.equal(problems({ lanes: 3, dataPort: 65_533 }), [])
  assert.match(problems({ lanes: 3, controlPort: 7443 }).join(), '7441 to 7443 include the control port')
})

test('ways of discovery are given in any order, and all that is no way is told', () => {
  const read = (text: string) => {
    const parsed = parseDiscovery(text)
    return parsed.type === 'ways' ? parsed.ways.join('+') : parsed.problem
  }
  assert.is(read('seeds,lan'), 'lan+seeds')
  assert.is(read('lan, swarm,seeds,lan'), 'lan+swarm+seeds')
  assert.is(read('none'), '')
  assert.is(read('lan,none'), "'none' is no way to find members")
  assert.is(read('lan,'), "'lan,' has an empty place")
})

test('bootstrap nodes are for the swarm, and not without number', () => {
  const bootstrap = { host: '10.0.0.1', port: 1 }
  const problems = (options: Partial<NodeOptions>) => checkNodeOptions({ ...good, ...options })
  assert.match(problems({ bootstrap: [bootstrap] }).join(), 'give --discovery lan,swarm,seeds as well')
  assert.equal(problems({ bootstrap: [bootstrap], discovery: ['swarm'] }), [])
  assert.match(problems({ bootstrap: Array(17).fill(bootstrap), discovery: ['swarm'] }).join(), 'at most 16')
})

test('a seed may leave out the port', () => {
  const address = (text: string) => ({ type: 'seed', seed: { type: 'address', at: { address: text, port: 7440 } } })
  assert.equal(parseSeed('10.0.0.1'), address('10.0.0.1'))
  assert.equal(parseSeed('2001:db8::1'), address('2001:db8::1'))
  assert.equal(parseSeed('[2001:db8::1]:7440'), address('2001:db8::1'))
  assert.equal(parseSeed('host-2'), { type: 'seed', seed: { type: 'host', host: 'host-2', port: 7440 } })
  assert.equal(parseSeed('host-2:99'), { type: 'seed', seed: { type: 'host', host: 'host-2', port: 99 } })
  for (const bad of ['', 'a b', 'host:', 'host:x', 'host:0', '1.2.3']) assert.is(parseSeed(bad).type, 'problem', bad)
})

test('a name is made of whatever the host is called', () => {
  const cases: [string, string][] = [
    ['web-1.example.org', 'web-1'],
    ['', 'node'],
    ['-é-', 'node'],
    [`${'x'.repeat(80)}.example`, 'x'.repeat(63)],
  ]
  for (const [host, name] of cases) {
    assert.is(nodeNameOf(host), name)
    assert.is(checkNodeName(name), undefined)
  }
  for (const bad of ['', '-a', 'a-', 'a b', 'x'.repeat(64), 'a\u001b']) assert.ok(checkNodeName(bad) !== undefined, bad)
})

test.run()
