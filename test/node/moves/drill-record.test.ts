import { Registry } from '../../../src/gossip/registry.js'
import { changesOf, drillKey, recordFrom } from '../../../src/node/moves/drill-record.js'
import { drillRecord } from '../../cli/views.js'
import { assert, suite } from '../../harness/suite.js'
import { A } from '../sample.js'

const test = suite('node/moves/drill-record')

test('a record is what the registry gives back; a later one leaves nothing of it', () => {
  const registry = new Registry(A)
  const name = drillKey('web')
  assert.equal(registry.check(name, changesOf(drillRecord)), [])
  registry.write(name, changesOf(drillRecord), 1_000)
  assert.equal(recordFrom(registry.get(name)), drillRecord)
  const failed = { ...drillRecord, to: '', servingMs: null, darkMs: null, revived: 0 }
  registry.write(name, changesOf(failed), 2_000)
  assert.equal(recordFrom(registry.get(name)), failed)
})

test('what another release has written is no record', () => {
  assert.is(recordFrom(undefined), undefined)
  assert.is(recordFrom({ fault: 'flood', atMs: 1 }), undefined)
  assert.is(recordFrom({ fault: 'kill', atMs: 'yesterday' })?.atMs, 0)
})

test.run()
