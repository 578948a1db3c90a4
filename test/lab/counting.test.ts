import { countingIn } from '../../src/lab/counting.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('lab/counting')

test('numbers that follow one another, a last line that is not whole yet left out', () => {
  assert.equal(countingIn('1\n2\n3\n'), { first: 1, last: 3, broken: '' })
  assert.equal(countingIn('(integer) 7\n(integer) 8\n(inte'), { first: 7, last: 8, broken: '' })
  assert.equal(countingIn(''), { first: 0, last: 0, broken: '' })
})

test('another server, a number that is left out, an error: what came is said', () => {
  assert.is(countingIn('5\n6\n1\n').broken, '1')
  assert.is(countingIn('5\n7\n').broken, '7')
  const lost = countingIn('5\nError: Server closed the connection\n6\n')
  assert.equal([lost.last, lost.broken], [5, 'Error: Server closed the connection'])
})

test.run()
