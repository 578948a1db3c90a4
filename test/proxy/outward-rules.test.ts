import { objectionTo, parseRules, RULES_MAX, rulesOf } from '../../src/proxy/outward-rules.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/outward-rules')
const FROM = '10.0.0.100'
const FROM6 = '2001:db8::100'

const may = (rules: string, address: string, port = 443, from = FROM) =>
  objectionTo({ address, port }, from, rulesOf(rules)) === ''

test('lists are kept in one form', () => {
  const forms: readonly (readonly [text: string, kept: string])[] = [
    ['', ''],
    ['any', 'any'],
    ['any:443', 'any:443'],
    ['10.0.0.0/8 , 192.0.2.7:5432', '10.0.0.0/8,192.0.2.7:5432'],
    ['10.0.0.1/32:80-80', '10.0.0.1:80'],
    ['any:1-65535', 'any'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['[2001:db8::/32]:8000-8100', '[2001:db8::/32]:8000-8100'],
    ['[2001:db8::1]', '2001:db8::1'],
  ]
  for (const [text, kept] of forms) {
    const parsed = parseRules(text)
    assert.is(parsed.type === 'rules' ? parsed.text : parsed.problem, kept, text)
    if (parsed.type === 'rules') assert.equal(parseRules(parsed.text), parsed, 'and read again as it was')
  }
})

test('what is no network with ports is named', () => {
  for (const text of [
    '10.0.0.0/33',
    '10.0.0.0/',
    'example.org',
    'any:0',
    'any:70000',
    '10.0.0.1:90-80',
    ',',
    'any:',
    '[any',
    '::/129',
  ]) {
    const parsed = parseRules(text)
    assert.is(parsed.type, 'problem', text)
  }
  const many = parseRules(Array.from({ length: RULES_MAX + 1 }, () => 'any').join())
  assert.is(many.type === 'problem' && many.problem, `has ${RULES_MAX + 1} entries, at most ${RULES_MAX}`)
  assert.equal(rulesOf('nonsense'), [])
})

test('a destination has to fit one of them; without any, none does', () => {
  assert.not(may('', '192.0.2.1'))
  assert.ok(may('any', '192.0.2.1'))
  assert.ok(may('any:443', '192.0.2.1', 443))
  assert.not(may('any:443', '192.0.2.1', 444))
  assert.ok(may('10.1.0.0/16:1000-2000', '10.1.255.255', 2_000))
  assert.not(may('10.1.0.0/16:1000-2000', '10.2.0.0', 2_000))
  assert.ok(may('10.1.0.0/16,192.0.2.1', '192.0.2.1', 1))
  assert.ok(may('2001:db8::/32', '2001:db8:ffff::1', 443, FROM6))
  assert.not(may('10.0.0.0/8', '2001:db8::1', 443, FROM6))
})

test('what is the director’s own, nobody’s, or of the other family is never reached', () => {
  for (const address of [
    '127.0.0.1',
    '127.8.8.8',
    '0.0.0.0',
    '0.1.2.3',
    '224.0.0.1',
    '255.255.255.255',
    FROM,
    '2001:db8::1',
    '',
  ])
    assert.not(may('any', address), address)
  for (const address of ['::1', '::', 'ff02::1', FROM6, '10.0.0.1'])
    assert.not(may('any', address, 443, FROM6), address)
  assert.not(may('any', '192.0.2.1', 0))
})

test.run()
