import { Prng } from '../../../src/base/prng.js'
import {
  FROM_GUARD,
  type FromGuard,
  guardRecordFrom,
  LINE_BYTES_MAX,
  LineReader,
  lineOf,
} from '../../../src/node/programs/guard-protocol.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/programs/guard-protocol')
const MESSAGES: readonly FromGuard[] = [
  { type: 'hello', pid: 812, until: 1_234.5 },
  { type: 'done', verb: 'start', isGood: false, words: 'no\nroom “here”' },
  { type: 'fenced', isGood: true, words: '' },
]

test('messages come back whole, in whatever pieces they come', () => {
  const text = MESSAGES.map(lineOf).join('')
  for (let size = 1; size < 40; size++) {
    const reader = new LineReader<FromGuard>(FROM_GUARD)
    const heard: FromGuard[] = []
    for (let at = 0; at < text.length; at += size) heard.push(...reader.take(text.slice(at, at + size)))
    assert.equal(heard, MESSAGES)
  }
})

test('what is no message of ours is passed over, and a line without end is not kept', () => {
  const reader = new LineReader<FromGuard>(FROM_GUARD)
  assert.equal(reader.take('{"type":"later","x":1}\nnull\n{}\n[1]\nx\n'), [])
  assert.equal(reader.take('x'.repeat(10 * LINE_BYTES_MAX)), [])
  assert.equal(reader.take(`\n${lineOf(MESSAGES[2] as FromGuard)}`), [MESSAGES[2]])
  const random = new Prng(3)
  for (let i = 0; i < 500; i++) reader.take(String.fromCharCode(...random.bytes(random.below(60))))
})

test('a record that is none is none', () => {
  const record = { service: 'db', term: 3, state: 'running', pid: 7, bootId: 'x' }
  assert.equal(guardRecordFrom({ ...record, more: 1 }), record)
  for (const field of Object.keys(record)) assert.is(guardRecordFrom({ ...record, [field]: [] }), undefined, field)
  for (const body of [null, 1, 'x', []]) assert.is(guardRecordFrom(body), undefined)
})

test.run()
