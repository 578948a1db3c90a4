import { utf8 } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import { ANSWER_BYTES_MAX, judgeAnswer } from '../../src/health/answer.js'
import { isAmong, unescaped } from '../../src/proxy/service-check.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('health/answer')
const HTTP = { check: 'http', checkExpect: '', checkStatus: '200-399' } as const
const SAID = { check: 'send', checkExpect: '+PONG', checkStatus: '' } as const

function judged(text: string, isOver: boolean, expected: Parameters<typeof judgeAnswer>[2]): string {
  const result = judgeAnswer(utf8(text), isOver, expected)
  return result === undefined ? 'more' : `${result.isGood ? 'good' : 'bad'}: ${result.words}`
}

test('what was expected is found in whatever pieces it comes', () => {
  const text = 'hello +PONG\r\n'
  for (let cut = 0; cut < 11; cut++) assert.is(judged(text.slice(0, cut), false, SAID), 'more')
  assert.is(judged(text, false, SAID), "good: answered 'hello +PONG'")
  assert.is(judged('-ERR no', true, SAID), "bad: answered '-ERR no', expected '+PONG'")
  assert.is(judged('', true, SAID), 'bad: the connection ended without an answer')
  assert.is(judged('x', false, { ...SAID, checkExpect: '' }), "good: answered 'x'")
})

test('an endless answer is not read for ever', () => {
  assert.match(judged('x'.repeat(ANSWER_BYTES_MAX), false, SAID), /^bad/)
})

test('HTTP: the code decides, and the body where something is expected of it', () => {
  assert.is(judged('HTTP/1.1 2', false, HTTP), 'more')
  assert.is(judged('HTTP/1.1 204 No Content\r\n', false, HTTP), 'good: answered HTTP/1.1 204 No Content')
  assert.is(judged('HTTP/1.0 503 Busy\r\n', false, HTTP), 'bad: answered HTTP/1.0 503 Busy, expected 200-399')
  assert.is(judged('SSH-2.0-x\r\n', false, HTTP), "bad: answered 'SSH-2.0-x', which is no HTTP")
  const expects = { ...HTTP, checkExpect: 'ready' }
  assert.is(
    judged('HTTP/1.1 200 ready\r\nX: ready\r\n\r\nnot', true, expects),
    "bad: answered HTTP/1.1 200 ready without 'ready'",
  )
  assert.is(judged('HTTP/1.1 200 OK\r\n\r\nalready', false, expects), "good: answered HTTP/1.1 200 OK with 'ready'")
})

test('random bytes have an answer', () => {
  const random = new Prng(3)
  for (let i = 0; i < 2_000; i++) {
    const bytes = random.bytes(random.below(200))
    for (const expected of [HTTP, SAID]) assert.ok(judgeAnswer(bytes, true, expected) !== undefined)
  }
})

test('escapes stand for bytes, and lists for codes', () => {
  assert.equal([...unescaped('a\\r\\n\\x00\\\\\\xff')], [97, 13, 10, 0, 92, 255])
  assert.equal(
    [199, 200, 302, 399, 400, 500].map((code) => isAmong(code, '200-399,500')),
    [false, true, true, true, false, true],
  )
})

test.run()
