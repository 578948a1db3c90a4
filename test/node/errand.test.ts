import { Prng } from '../../src/base/prng.js'
import { decodeErrand, type ErrandMessage, encodeErrand, type Survey } from '../../src/node/errand.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('node/errand')

const survey: Survey = {
  supervised: true,
  pauseMs: 2_500,
  forOthers: 3,
  services: [
    {
      service: 'web',
      directed: 93,
      survivable: 90,
      mortal: { 'its program is on the director’s own host': 2, 'no program serves it yet': 1 },
      revivals: { revived: 40, proven: 36, filled: 1, reset: 1, gone: 1, unverified: 1, failures: { EADDRINUSE: 2 } },
    },
  ],
}
const MESSAGES: readonly ErrandMessage[] = [
  { type: 'ask', number: 1, errand: { type: 'survey' } },
  { type: 'ask', number: 2 ** 32 - 1, errand: { type: 'fault', service: 'web', term: 2 ** 40, fault: 'pause' } },
  { type: 'ask', number: 3, errand: { type: 'check', service: 'web', port: 65_535 } },
  { type: 'ask', number: 4, errand: { type: 'relocate', service: 'db', to: 'ab'.repeat(16) } },
  { type: 'ask', number: 5, errand: { type: 'count', service: '' } },
  { type: 'answer', number: 10, answer: { type: 'checked', isGood: false, words: 'answered 503' } },
  { type: 'answer', number: 11, answer: { type: 'counted', splices: 500 } },
  { type: 'answer', number: 7, answer: { type: 'surveyed', survey } },
  { type: 'answer', number: 8, answer: { type: 'done' } },
  { type: 'answer', number: 9, answer: { type: 'refused', code: 'ERR_X', message: 'no, “never”', hint: '' } },
]

test('what is said is heard', () => {
  for (const message of MESSAGES) assert.equal(decodeErrand(encodeErrand(message)), message)
})

test('a text that is too long is cut, and nothing else is', () => {
  const refused = { type: 'refused', code: 'ERR_X', message: 'é'.repeat(5_000), hint: 'again' } as const
  const heard = decodeErrand(encodeErrand({ type: 'answer', number: 1, answer: refused }))
  assert.ok(heard?.type === 'answer' && heard.answer.type === 'refused')
  if (heard.answer.type === 'refused') assert.equal([heard.answer.hint, heard.answer.message[0]], ['again', 'é'])
})

test('damaged messages are nothing, and never throw', () => {
  const random = new Prng(11)
  for (const message of MESSAGES) {
    const bytes = encodeErrand(message)
    for (let length = 0; length < bytes.byteLength; length++)
      assert.is(decodeErrand(bytes.subarray(0, length)), undefined)
    for (let i = 0; i < 300; i++) {
      const noise = bytes.slice()
      noise[random.below(noise.length)] = random.below(256)
      decodeErrand(noise)
    }
  }
  for (let i = 0; i < 500; i++) {
    const noise = new Uint8Array(random.below(64))
    for (let at = 0; at < noise.length; at++) noise[at] = random.below(256)
    decodeErrand(noise)
  }
  assert.is(decodeErrand(Uint8Array.of(99, 0, 0, 0, 0)), undefined, 'of a later release')
})

test.run()
