import { choosePaint, plain } from '../../src/cli/colour.js'
import { renderTable } from '../../src/cli/table.js'
import { clip, hang, wrap } from '../../src/cli/text.js'
import { formatBytes, formatCount, formatSetting, parseSpan, plural } from '../../src/cli/units.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('cli/text')

test('bytes have three digits at most', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '0.98 KiB'],
    [1_024, '1.00 KiB'],
    [10_230, '9.99 KiB'],
    [10_240, '10.0 KiB'],
    [1_023_000, '999 KiB'],
    [2 ** 30 * 340, '340 GiB'],
    [2 ** 53, '8.00 PiB'],
  ]
  for (const [bytes, text] of cases) assert.is(formatBytes(bytes), text)
})

test('counts are grouped by thousands', () => {
  assert.equal([0, 999, 1_000, 1_234_567].map(formatCount), ['0', '999', '1,000', '1,234,567'])
  assert.equal([plural(1, 'node'), plural(2, 'node')], ['1 node', '2 nodes'])
})

test('a span has a unit, except nothing', () => {
  const cases: [string, number | undefined][] = [
    ['0', 0],
    ['500ms', 500],
    ['3s', 3_000],
    ['1m30s', 90_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['3', undefined],
    ['-3s', undefined],
    ['3 s', undefined],
    ['1.5s', undefined],
    ['', undefined],
  ]
  for (const [text, span] of cases) assert.is(parseSpan(text), span, text)
})

test('a setting is shown as it can be typed', () => {
  for (const span of [0, 1, 500, 1_500, 3_000, 90_000, 7_200_000]) assert.is(parseSpan(formatSetting(span)), span)
})

test('what is cut off shows', () => {
  assert.equal([clip('director', 8), clip('director', 5), clip('director', 1)], ['director', 'dire…', '…'])
})

test('a paragraph breaks at blanks, and a long word is cut, not lost', () => {
  assert.equal(wrap('one two three', 7), ['one two', 'three'])
  assert.equal(wrap('abcdefghij', 4), ['abcd', 'efgh', 'ij'])
  assert.equal(wrap('', 10), [''])
  assert.equal(wrap('say `baton up` now', 12), ['say', '`baton up`', 'now'])
  assert.equal(wrap('`much too long`', 6), ['`much', 'too', 'long`'])
  assert.equal(hang('- ', 'one two three four five six', 22), ['- one two three four', '  five six'])
})

test('controls become visible', () => {
  assert.is(clip('a\u001b[2Jb\u0007\u202e', 20), 'a\ufffd[2Jb\ufffd\ufffd')
})

test('columns give way in their order: shortened, then left out', () => {
  const columns = [
    { title: 'NAME', min: 6 },
    { title: 'N', align: 'right' as const },
    { title: 'MORE', optional: 1 },
  ]
  const rows = [{ cells: ['a-long-name', '7', 'something'] }]
  const at = (width: number) => renderTable(columns, rows, { width, paint: plain })
  assert.equal(at(40), ['NAME         N  MORE', 'a-long-name  7  something'])
  assert.equal(at(22), ['NAME      N  MORE', 'a-long-…  7  something'])
  assert.equal(at(16), ['NAME         N', 'a-long-name  7'])
  assert.equal(at(8), ['NAME   N', 'a-lo…  7'])
})

test('colour only on a terminal, and not where NO_COLOR is set', () => {
  const colours = (isTerminal: boolean, environment: Record<string, string>) =>
    choosePaint(isTerminal, environment)('bad', 'x') !== 'x'
  assert.ok(colours(true, {}))
  assert.ok(colours(true, { NO_COLOR: '' }))
  assert.not.ok(colours(true, { NO_COLOR: '1' }))
  assert.not.ok(colours(true, { TERM: 'dumb' }))
  assert.not.ok(colours(false, {}))
})

test.run()
