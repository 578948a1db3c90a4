import { fromHex, utf8 } from '../../src/base/bytes.js'
import { crc32c } from '../../src/proxy/proxy-protocol/crc32c.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/proxy-protocol/crc32c')

const ISCSI_READ = `01c00000 00000000 00000000 00000000 14000000 00000400 00000014 00000018
                    28000000 00000000 02000000 00000000`

test('the vectors of RFC 3720, B.4 (there in the order of iSCSI, least significant byte first)', () => {
  const rows: [string, Uint8Array, number][] = [
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['counting up', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ['counting down', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    ['a read command', fromHex(ISCSI_READ.replaceAll(/\s/g, '')), 0xd9963a56],
    ['the usual check', utf8('123456789'), 0xe3069283],
    ['nothing', new Uint8Array(0), 0],
  ]
  for (const [what, bytes, expected] of rows) assert.is(crc32c(bytes), expected, what)
})

test('in pieces as in one', () => {
  const bytes = utf8('every split gives the same sum')
  for (let at = 0; at <= bytes.length; at++) {
    assert.is(crc32c(bytes.subarray(at), crc32c(bytes.subarray(0, at))), crc32c(bytes))
  }
})

test.run()
