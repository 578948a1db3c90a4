import { Prng } from '../../src/base/prng.js'
import { formatClusterKey } from '../../src/trunk/cluster-key.js'
import { formatToken, type JoinToken, parseToken } from '../../src/trunk/join-token.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('trunk/join-token')
const key = Uint8Array.from({ length: 32 }, (_, i) => i)
const token: JoinToken = { key, origin: '0123456789abcdef', seeds: ['10.0.0.1:7440', 'host-2:7440'], bootstraps: [] }

function problemOf(text: string): string {
  const parsed = parseToken(text)
  return parsed.type === 'problem' ? parsed.why : ''
}

test('what is written is read, with white space around it and capitals', () => {
  const text = formatToken(token)
  assert.match(text, /^baton-token-1-[a-z2-7]+$/)
  assert.equal(parseToken(` ${text.toUpperCase()}\n`), { type: 'token', token })
  const bare: JoinToken = { key, origin: '', seeds: [], bootstraps: ['dht.example:49737'] }
  assert.equal(parseToken(formatToken(bare)), { type: 'token', token: bare })
})

test('the text never changes', () => {
  assert.is(
    formatToken({ key, origin: '', seeds: [], bootstraps: [] }),
    'baton-token-1-aeqaaaabaibqibiga4eascqlbqgq4dyqcejbgfavcylrqgi2dmob2hq7k22nnry',
  )
})

test('every single changed, lost or added character is found, and the token is not quoted', () => {
  const text = formatToken(token)
  for (let at = 'baton-token-1-'.length; at < text.length; at++) {
    const other = text[at] === 'a' ? 'b' : 'a'
    const spoiled = [text.slice(0, at) + other + text.slice(at + 1), text.slice(0, at) + text.slice(at + 1)]
    spoiled.push(`${text.slice(0, at)}${text[at]}${text[at] === 'c' ? 'd' : 'c'}${text.slice(at + 1)}`)
    for (const one of spoiled) {
      assert.match(problemOf(one), 'checksum', `place ${at}`)
      assert.not.ok(problemOf(one).includes(text.slice(20, 40)))
    }
  }
})

test('what is no token is told from what is one of a later release, or a key', () => {
  assert.match(problemOf(''), 'empty')
  assert.match(problemOf('hello'), 'begins with')
  assert.match(problemOf('baton-token-2-abc'), 'upgrade this host')
  assert.match(problemOf('baton-token-1-a0'), '"0" at place 16')
  assert.match(problemOf(`baton-token-1-${'a'.repeat(10_000)}`), 'too long')
  const ofKey = parseToken(formatClusterKey(key))
  assert.equal(ofKey, { type: 'token', token: { key, origin: '', seeds: [], bootstraps: [] } })
})

test('random text never throws', () => {
  const random = new Prng(3)
  for (let round = 0; round < 2_000; round++) {
    const digits = Array.from({ length: random.below(90) }, () => 'abcdefghijklmnopqrstuvwxyz234567'[random.below(32)])
    assert.is(parseToken(`baton-token-1-${digits.join('')}`).type, 'problem')
  }
})

test('places are bounded', () => {
  const many = Array.from({ length: 99 }, (_, i) => `host-${i}:7440`)
  const parsed = parseToken(formatToken({ ...token, seeds: ['x'.repeat(300), ...many] }))
  assert.is(parsed.type === 'token' ? parsed.token.seeds.length : 0, 7)
})

test.run()
