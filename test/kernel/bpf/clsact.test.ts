import { toHex } from '../../../src/base/bytes.js'
import { decodeAck, encodeAddClsact, encodeDeleteFilter, encodeSetFilter } from '../../../src/kernel/bpf/clsact.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('kernel/bpf/clsact')

const words = (bytes: Uint8Array) => toHex(bytes).replace(/(.{8})(?=.)/g, '$1 ')

test('messages are those of rtnetlink', () => {
  assert.is(
    words(encodeAddClsact(5)),
    '30000000 24000506 00000000 00000000 00000000 05000000 0000ffff f1ffffff 00000000 0b000100 636c7361 63740000',
  )
  assert.is(
    words(encodeSetFilter(5, 'ingress', 9)),
    '50000000 2c000504 00000000 00000000 00000000 05000000 70ba0000 f2ffffff 00030100 ' +
      '08000100 62706600 24000200 08000600 09000000 10000700 6261746f 6e2d6c65 61736500 08000800 01000000',
  )
  assert.is(
    words(encodeDeleteFilter(5, 'egress')),
    '2c000000 2d000500 00000000 00000000 00000000 05000000 70ba0000 f3ffffff 00030100 08000100 62706600',
  )
})

test('an answer is an errno, or none', () => {
  const answer = new Uint8Array(36)
  const view = new DataView(answer.buffer)
  view.setUint16(4, 2, true)
  assert.is(decodeAck(answer), 0)
  view.setInt32(16, -17, true)
  assert.is(decodeAck(answer), 17)
  view.setUint16(4, 3, true)
  assert.is(decodeAck(answer), undefined)
  for (let length = 0; length < 20; length++) assert.is(decodeAck(answer.subarray(0, length)), undefined)
})

test.run()
