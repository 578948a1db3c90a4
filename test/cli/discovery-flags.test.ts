import { findingOf } from '../../src/cli/discovery-flags.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('cli/discovery-flags')
const TOKEN = { bootstraps: ['10.0.0.1:49737'] }
const NOTHING = { discovery: 'lan,seeds', isTold: false, bootstrap: [] }

function found(...[given, token]: [Parameters<typeof findingOf>[0], typeof TOKEN | undefined]) {
  const problems: string[] = []
  const { discovery, bootstrap } = findingOf(given, token, problems)
  return [discovery.join(), bootstrap.map(({ host }) => host).join(), problems.length]
}

test('bootstrap nodes of a token are asked by whoever says nothing else', () => {
  assert.equal(found(NOTHING, undefined), ['lan,seeds', '', 0])
  assert.equal(found(NOTHING, TOKEN), ['lan,swarm,seeds', '10.0.0.1', 0])
  assert.equal(found({ ...NOTHING, discovery: 'lan', isTold: true }, TOKEN), ['lan', '', 0])
  const swarm = { discovery: 'swarm', isTold: true, bootstrap: ['10.0.0.2'] }
  assert.equal(found(swarm, TOKEN), ['swarm', '10.0.0.2,10.0.0.1', 0])
})

test('what is wrong is said, and the rest is read', () => {
  const wrong = { discovery: 'lan,wifi', isTold: true, bootstrap: ['fd00::1'] }
  assert.equal(found(wrong, undefined), ['lan,seeds', '', 2])
})

test.run()
