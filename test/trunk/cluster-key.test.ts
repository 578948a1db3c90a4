import { Prng } from '../../src/base/prng.js'
import { formatClusterKey, parseClusterKey } from '../../src/trunk/cluster-key.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('trunk/cluster-key')
const key = Uint8Array.from({ length: 32 }, (_, i) => i)
const text = 'baton-key-1-aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypwv35opy'

function problemOf(pasted: string): string {
  const parsed = parseClusterKey(pasted)
  return parsed.type === 'problem' ? parsed.why : ''
}

test('the text of a key never changes', () => assert.is(formatClusterKey(key), text))

test('what is written is read', () => {
  const random = new Prng(1)
  for (let round = 0; round < 100; round++) {
    const drawn = random.bytes(32)
    assert.equal(parseClusterKey(formatClusterKey(drawn)), { type: 'key', key: drawn })
  }
})

test('white space around it and capitals do no harm', () => {
  assert.equal(parseClusterKey(`  ${text.toUpperCase()}\n`), { type: 'key', key })
})

test('every single changed character is found', () => {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
  for (let at = 'baton-key-1-'.length; at < text.length; at++) {
    for (const digit of alphabet) {
      if (digit === text[at]) continue
      const changed = text.slice(0, at) + digit + text.slice(at + 1)
      assert.match(problemOf(changed), /lost or changed/, `place ${at}, ${digit}`)
    }
  }
})

test('a lost or added character is told apart from a changed one', () => {
  assert.match(problemOf(text.slice(0, -1)), /a character was lost: it has 57 after baton-key-1- instead of 58/)
  assert.match(problemOf(`${text}a`), /a character was added/)
})

test('problems are told in words, and never quote the key', () => {
  assert.is(problemOf(' '), 'it is empty')
  assert.is(problemOf('hunter2'), 'a cluster key begins with baton-key-1-')
  assert.match(problemOf(text.replace('-1-', '-2-')), /form 2, .*upgrade this node/)
  assert.match(problemOf(text.replace('aaaq', 'aaa0')), /it has "0" at place 16: only a to z and 2 to 7/)
  assert.match(problemOf(text.replace('aaaq', 'aa q')), /white space at place 15/)
  assert.not.match(problemOf(text.slice(0, -1)), /aaaqe/)
})

test('random text never throws', () => {
  const random = new Prng(2)
  for (let round = 0; round < 500; round++) {
    const drawn = String.fromCodePoint(...Array.from({ length: random.below(80) }, () => random.below(0xd800)))
    assert.is(parseClusterKey(round % 2 === 0 ? drawn : `baton-key-1-${drawn}`).type, 'problem')
  }
})

test.run()
