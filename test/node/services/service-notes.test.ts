import { notesOnService } from '../../../src/node/services/service-notes.js'
import type { Service } from '../../../src/proxy/service.js'
import { assert, suite } from '../../harness/suite.js'
import { service } from '../sample.js'

const test = suite('node/services/service-notes')
const notes = (fields: Partial<Service>) => notesOnService(service('web', 80, fields), ['a', 'b'], ['web', 'db'])

test('names of nobody and numbers that cannot be are told, what is there is not', () => {
  assert.equal(notes({ mode: 'single', hosting: 'a,b', requires: 'db', quorum: 1, alone: 'a' }), [])
  assert.equal(notes({ quorum: 2 }), [])
  assert.match(String(notes({ mode: 'single', hosting: 'a,host-1' })), 'hosting names host-1, and no node')
  assert.match(String(notes({ alone: 'c' })), 'alone names c, and no node')
  assert.match(String(notes({ mode: 'single', requires: 'db,log' })), 'requires log, and there is no such service')
  assert.match(String(notes({ quorum: 3 })), 'a quorum of 3 is never there while there are 2 nodes')
  assert.is(notes({ slowStartMs: 30_000, scheduler: 'maglev' }).length, 1, 'and what the scheduler knows nothing of')
})

test.run()
