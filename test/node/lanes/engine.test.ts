import { BatonError } from '../../../src/base/errors.js'
import { LANES_MAX, type NodeOptions } from '../../../src/node/config-schema.js'
import { chooseEngine } from '../../../src/node/lanes/engine.io.js'
import { PAIRS_MAX } from '../../../src/node/lanes/link-broker.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/lanes/engine')

const OPTIONS = {
  bind: '10.0.0.1',
  gossipPort: 7440,
  controlPort: 7440,
  dataPort: 7441,
  priority: 100,
  engine: 'epoll',
  seeds: [],
} as const

function refusal(options: Partial<NodeOptions>, cores: number): string {
  try {
    return `${chooseEngine({ ...OPTIONS, ...options }, cores).lanes} lanes`
  } catch (error) {
    return error instanceof BatonError ? `${error.code} ${error.message}` : String(error)
  }
}

test('the portable engine has one lane, whatever the cores', () => {
  assert.is(chooseEngine({ ...OPTIONS, engine: 'net' }, 96).lanes, 1)
  assert.match(refusal({ engine: 'net', lanes: 2 }, 96), 'ERR_ENGINE the portable engine has one lane')
})

if (process.platform === 'linux') {
  test('a host with more cores than lanes are possible has as many as are possible, each with a link', () => {
    assert.is(chooseEngine(OPTIONS, 4).lanes, 4)
    assert.is(chooseEngine({ ...OPTIONS, lanes: 3 }, 96).lanes, 3)
    assert.is(chooseEngine(OPTIONS, 96).lanes, LANES_MAX)
    assert.ok(PAIRS_MAX >= LANES_MAX)
  })

  test('lanes that nobody asked for need room for their ports too', () => {
    assert.match(refusal({ controlPort: 7450 }, 16), 'ERR_USAGE --data-port 7441 to 7456 include the control port')
    assert.match(refusal({ dataPort: 65_530 }, 16), 'ERR_USAGE --data-port 65530 leaves no room for 16 lanes')
    assert.is(refusal({ dataPort: 65_530 }, 6), '6 lanes')
    assert.is(refusal({ dataPort: 65_530, lanes: 6 }, 96), '6 lanes')
  })
}

test.run()
