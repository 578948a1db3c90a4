import { exposition } from '../../../src/node/seeing/exposition.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/seeing/exposition')

test('help, type and samples; labels are escaped', () => {
  const text = exposition([
    {
      name: 'baton_x_total',
      type: 'counter',
      help: 'Two\nlines \\ here.',
      samples: [{ value: 3 }, { labels: { why: 'he said "no"\n\\', b: '’' }, value: 0.25 }],
    },
  ])
  const expected = [
    '# HELP baton_x_total Two\\nlines \\\\ here.',
    '# TYPE baton_x_total counter',
    'baton_x_total 3',
    'baton_x_total{why="he said \\"no\\"\\n\\\\",b="’"} 0.25',
    '',
  ]
  assert.equal(text.split('\n'), expected)
})

test('what has no samples is left out; numbers that are none have words', () => {
  assert.is(exposition([{ name: 'a', type: 'gauge', help: '', samples: [] }]), '')
  const samples = [{ value: Number.POSITIVE_INFINITY }, { value: Number.NEGATIVE_INFINITY }, { value: Number.NaN }]
  assert.match(exposition([{ name: 'a', type: 'gauge', help: '', samples }]), /a \+Inf\na -Inf\na NaN\n$/)
})

test.run()
