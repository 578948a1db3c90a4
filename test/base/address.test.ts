import { canonicalIp, formatEndpoint, networkOf, parseEndpoint } from '../../src/base/address.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('base/address')

test('equal addresses have one text', () => {
  const rows: [string, string | undefined][] = [
    ['127.0.0.1', '127.0.0.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['fe80::', 'fe80::'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['127.0.0.01', undefined],
    ['256.0.0.1', undefined],
    ['1::2::3', undefined],
    ['1:2:3:4:5:6:7:8:9', undefined],
    ['fe80::1%eth0', undefined],
    ['', undefined],
    ['10.0.0', undefined],
    [':', undefined],
  ]
  for (const [text, expected] of rows) assert.is(canonicalIp(text), expected, text)
})

test('an endpoint is written as it is read', () => {
  for (const text of ['10.0.0.1:80', '[2001:db8::1]:65535']) {
    const endpoint = parseEndpoint(text)
    assert.is(endpoint && formatEndpoint(endpoint), text)
  }
  for (const text of ['10.0.0.1', '10.0.0.1:0', '10.0.0.1:65536', '::1:80', 'host:80', '[::1]', '']) {
    assert.is(parseEndpoint(text), undefined, text)
  }
})

test('the network of an address is told by its first bits, and none where it has fewer', () => {
  assert.is(networkOf('10.0.0.200', 25), networkOf('10.0.0.129', 25))
  assert.is.not(networkOf('10.0.0.5', 25), networkOf('10.0.0.200', 25))
  assert.is(networkOf('fd77::1', 64), networkOf('fd77::2:1', 64))
  assert.is(networkOf('10.0.0.1', 64), undefined)
})

test.run()
