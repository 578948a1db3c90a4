import { Prng } from '../../src/base/prng.js'
import { parseCluaFile } from '../../src/cli/clua-file.js'
import { checkDeclared, planServices } from '../../src/node/services/service-plan.js'
import type { Service } from '../../src/proxy/service.js'
import { assert, suite } from '../harness/suite.js'
import { SEED } from '../proxy/random-headers.js'

const test = suite('cli/clua-file')
const ALIAS = '10.0.0.100'
const FILE = `# services of the alias
ftp\t\t21/tcp\t\tin_multi,static
telnet  23/tcp  in_multi , out_alias   # everybody's
smtp 25/tcp mail in_single
domain 53/udp in_multi
Sun_RPC 111/tcp in_nolocal
sun-rpc 112/tcp static
secret 999/tcp in_noalias
unused 1000/tcp

`

test('each line with attributes is a service at the address of the alias', () => {
  const { services, problems, lines } = parseCluaFile(FILE, ALIAS)
  assert.equal(problems, [])
  const said = (fields: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(fields).filter(([field, value]) => field !== 'address' && value !== 'none'))
  assert.equal(
    services.map(({ name, fields }) => [name, said(fields)]),
    [
      ['ftp', { ports: '21', mode: 'multi', scheduler: 'weighted', reserve: '21' }],
      ['telnet', { ports: '23', mode: 'multi', scheduler: 'weighted', outAlias: '23', outwardTo: 'any' }],
      ['smtp', { ports: '25', mode: 'single' }],
      ['sun-rpc', { ports: '111', mode: 'single', hide: '111' }],
      ['sun-rpc-112', { ports: '112', mode: 'single', reserve: '112' }],
    ],
  )
  assert.ok(services.every(({ fields }) => fields['address'] === ALIAS))
  assert.equal([lines.get('smtp'), lines.get('sun-rpc-112')], [4, 7])
  assert.equal(checkDeclared(services), [], 'and can be written')
})

test('a file that was changed and is read again counts, also in what it says no more', () => {
  const planned = (line: string, before: readonly Service[]) => {
    const active = [...before]
    const { outcome, problems } = planServices(
      parseCluaFile(line, ALIAS).services,
      { active, shadowed: [], unreadable: [] },
      false,
    )
    assert.equal(problems, [])
    return [...outcome.values()]
  }
  const first = planned('telnet 23/tcp in_single,in_nolocal,static', [])
  assert.equal(
    first.map(({ mode, hide, reserve }) => [mode, hide, reserve]),
    [['single', '23', '23']],
  )
  const [then] = planned('telnet 23/tcp in_multi', first)
  assert.equal([then?.mode, then?.hide, then?.reserve, then?.scheduler], ['multi', '', '', 'weighted'])
})

test('what becomes nothing, or not all that it says, is told', () => {
  const told = parseCluaFile(FILE, ALIAS).notes.map((note) => note.slice(0, 40))
  assert.equal(told, [
    'domain 53/udp: left out, Baton carries T',
    'secret 999/tcp: no service, since it is ',
    'unused 1000/tcp: left out, it has no att',
  ])
})

test('mistakes are all told, each at its place', () => {
  const text =
    'a 1/tcp in_multi in_single\nb\nc 70000/tcp in_multi\nd 4/tcp in_mutli\ne 5/tcp in_multi\nf 5/tcp in_multi\ng 6/tcp in_noalias,in_nolocal'
  const { problems } = parseCluaFile(text, ALIAS)
  assert.equal(
    problems.map(({ line, column }) => `${line}:${column}`),
    ['1:9', '2:1', '3:3', '4:9', '6:1', '7:9'],
  )
  assert.match(problems[3]?.hint ?? '', 'did you mean in_multi?')
  assert.match(problems[5]?.problem ?? '', 'nobody could reach the port')
})

test('no text makes the reader throw, and what it makes of any can be judged', () => {
  const random = new Prng(SEED)
  for (let i = 0; i < 500; i++) {
    const letters = [...FILE]
    for (let slips = 0; slips <= random.below(20); slips++) {
      letters.splice(random.below(letters.length), random.below(3), String.fromCharCode(random.below(0x250)))
    }
    const { services, problems } = parseCluaFile(letters.join(''), ALIAS)
    for (const { line, column } of problems) assert.ok(line >= 1 && column >= 1)
    if (problems.length === 0) assert.equal(checkDeclared(services), [], `SEED=${SEED} ${i}`)
  }
  assert.is(parseCluaFile('x 1/tcp\n'.repeat(10_001), ALIAS).problems.length, 1)
})

test.run()
