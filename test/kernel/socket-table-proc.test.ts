import { Prng } from '../../src/base/prng.js'
import { ListenScan, parseSocketLine } from '../../src/kernel/proc-net-tcp.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('kernel/proc-net-tcp')

const SEED = Number(process.env['SEED'] ?? 20_260_301)

const HEADING =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     '
const LISTEN =
  '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 34567 1 00000000544be955 100 0 0 10 0                     '
const WILDCARD =
  '   1: 00000000:0016 00000000:0000 0A 00000000:00000001 00:00000000 00000000     0        0 32 1 00000000544be955 100 0 0 10 0                        '
const TIME_WAIT =
  '   2: 0100007F:8819 0100007F:C86E 06 00000000:00000000 03:00001764 00000000     0        0 0 3 00000000e24f8251                                      '
const LISTEN_V6 =
  '   0: B80D0120000000000000000001000000:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 9 1 0000000080e1 100 0 0 10 0'

test('reads the lines of both tables', () => {
  const rows: [string, object | undefined][] = [
    [LISTEN, { address: '127.0.0.1', port: 8_080, state: '0A', uid: 1_000, inode: 34_567 }],
    [WILDCARD, { address: '0.0.0.0', port: 22, state: '0A', uid: 0, inode: 32 }],
    [TIME_WAIT, { address: '127.0.0.1', port: 34_841, state: '06', uid: 0, inode: 0 }],
    [LISTEN_V6, { address: '2001:db8::1', port: 8_081, state: '0A', uid: 0, inode: 9 }],
    [HEADING, undefined],
    ['', undefined],
    [LISTEN.slice(0, 60), undefined],
    [LISTEN.replace('0100007F', '0100007G'), undefined],
    [LISTEN.replace('0100007F', '0100007F00'), undefined],
  ]
  for (const [line, expected] of rows) assert.equal(parseSocketLine(line), expected, line)
})

test('every split of the text gives the same sockets', () => {
  const text = `${[HEADING, LISTEN, WILDCARD, TIME_WAIT, LISTEN].join('\n')}\n`
  for (let at = 0; at <= text.length; at++) {
    const scan = new ListenScan()
    scan.push(text.slice(0, at))
    scan.push(text.slice(at))
    assert.is(scan.sockets.map(({ port }) => port).join(), '8080,22', `split at ${at}`)
  }
})

test('the first whole line that is not LISTEN ends the scan, and a part of one does not', () => {
  const scan = new ListenScan()
  scan.push(`${HEADING}\n${LISTEN}\n${TIME_WAIT}`)
  assert.is(scan.ended, false)
  scan.push('\n')
  assert.is(scan.ended, true)
})

test('a damaged line is passed over', () => {
  const scan = new ListenScan()
  scan.push(`${HEADING}\n${LISTEN.slice(40)}\n${'7'.repeat(100_000)}\n${WILDCARD}\n`)
  assert.is(scan.sockets.map(({ port }) => port).join(), '22')
})

test('no text makes it throw', () => {
  const random = new Prng(SEED)
  for (let i = 0; i < 3_000; i++) {
    const chars = [...LISTEN]
    for (let flips = random.below(5); flips >= 0; flips--) {
      chars[random.below(chars.length)] = String.fromCharCode(random.below(256))
    }
    const scan = new ListenScan()
    scan.push(`${chars.join('')}\n`)
    for (const { port } of scan.sockets) assert.ok(port >= 0 && port <= 65_535, `SEED=${SEED}`)
  }
})

test.run()
