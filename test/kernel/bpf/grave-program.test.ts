import { PROG_TYPE_SCHED_CLS, TCX_DROP } from '../../../src/kernel/bpf/abi.js'
import { ADDRESSES_MAP, AddressSlots } from '../../../src/kernel/bpf/address-slots.io.js'
import { Block } from '../../../src/kernel/bpf/bpf.io.js'
import { graveProgram } from '../../../src/kernel/bpf/grave-program.js'
import { Kit } from '../../../src/kernel/bpf/kit.io.js'
import { LEASE } from '../../../src/kernel/bpf/lease-gate-program.js'
import { loadLibc } from '../../../src/kernel/libc.io.js'
import { assert, type Scope, suite } from '../../harness/suite.js'
import { ACK, ethernet, ip4, ip6, tcp } from './frames.js'
import { permitted } from './permitted.js'

const test = suite('kernel/bpf/grave-program')
const [OURS, THEIRS, FOR_S] = ['fd77::99', 'fd77::1', 5]
const segment = (from: string, to: string) => ethernet('ip6', ip6(from, to, tcp(from, 80, to, 1_000, ACK)))

const [OURS4, THEIRS4] = ['10.77.9.9', '10.77.0.1']
const segment4 = (from: string, to: string) => ethernet('ip4', ip4(from, to, tcp(from, 80, to, 1_000, ACK)))

/** Says what becomes of a frame, with a lease that ran out so long ago; `kills`: the process has no socket any more. */
function grave(scope: Scope, ours = OURS) {
  const libc = loadLibc()
  const whole = Kit.make('5.15', (kit) => {
    const [addresses, leases, alive] = [kit.map(ADDRESSES_MAP), kit.array(LEASE.bytes, 256), kit.ownSocket()]
    new AddressSlots(kit.bpf, addresses).take(ours, () => {})
    const code = graveProgram({ addresses, leases: leases.fd, alive }, FOR_S)
    const program = kit.program(PROG_TYPE_SCHED_CLS, 0, code)
    return { kit, leases, alive, program, close: () => kit.close() }
  })
  const made = permitted(scope, whole)
  if (made === undefined || 'why' in libc) return undefined
  const { kit, leases, alive, program } = made
  return {
    kills: () => assert.is(kit.bpf.delete(alive, new Block(4).at), 0),
    judge: (frame: Uint8Array, overSinceS: number) => {
      const deadline = Math.floor(libc.boottime() - 1_000 * overSinceS)
      new BigUint64Array(leases.memory)[LEASE.deadline / 8] = BigInt(deadline) * 1_000_000n
      const result = kit.bpf.testRun(program, frame)
      if ('errno' in result) throw new Error(`errno ${result.errno}`)
      return result.answer === TCX_DROP ? 'drop' : 'pass'
    },
  }
}

test('while its process lives everything passes', (scope) => {
  const made = grave(scope)
  if (made === undefined) return
  for (const overSinceS of [-1, 1, 60]) assert.is(made.judge(segment(OURS, THEIRS), overSinceS), 'pass')
})

test('of a dead process nothing is heard from its addresses; for as long as its sockets could speak, and no longer', (scope) => {
  const made = grave(scope)
  if (made === undefined) return
  made.kills()
  for (const overSinceS of [-1, 1, FOR_S - 1]) assert.is(made.judge(segment(OURS, THEIRS), overSinceS), 'drop')
  assert.is(made.judge(segment(THEIRS, OURS), 1), 'pass', 'to it, not from it')
  assert.is(made.judge(segment(OURS, THEIRS), FOR_S + 3), 'pass', 'whoever has the address now is heard')
})

test('over IPv4 it is silent while another process may still have its device, and no longer', (scope) => {
  const made = grave(scope, OURS4)
  if (made === undefined) return
  assert.is(made.judge(segment4(OURS4, THEIRS4), -1), 'pass', 'it lives')
  made.kills()
  for (const overSinceS of [-5, -1, 0]) assert.is(made.judge(segment4(OURS4, THEIRS4), overSinceS), 'drop')
  assert.is(made.judge(segment4(THEIRS4, OURS4), -1), 'pass', 'to it, not from it')
  assert.is(made.judge(segment4(OURS4, THEIRS4), FOR_S), 'pass', 'whoever has the address now is heard')
})

test.run()
