import { whyRefused } from '../../../src/kernel/bpf/refusal.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('kernel/bpf/refusal')

const NET_ADMIN = 1n << 12n
const SYS_ADMIN = 1n << 21n
const BPF = 1n << 39n
const RIGHTS = { effective: NET_ADMIN | BPF, isHostUser: true, lockdown: '' }
const CALL = { what: 'make a map', log: '', since: '5.9' }
const EPERM = { ...CALL, errno: 1, errnoName: 'EPERM' }
const EINVAL = { ...CALL, errno: 22, errnoName: 'EINVAL' }

const CASES: readonly [string, Parameters<typeof whyRefused>][] = [
  ['(EPERM): the process lacks CAP_BPF and CAP_NET_ADMIN', [EPERM, { ...RIGHTS, effective: 0n }]],
  ['(EPERM): the process lacks CAP_BPF', [EPERM, { ...RIGHTS, effective: NET_ADMIN }]],
  ['(EPERM): the process lacks CAP_NET_ADMIN', [EPERM, { ...RIGHTS, effective: SYS_ADMIN }]],
  ['(EPERM): capabilities of a user namespace do not count for BPF', [EPERM, { ...RIGHTS, isHostUser: false }]],
  ['(EPERM): the kernel is locked down (integrity)', [EPERM, { ...RIGHTS, lockdown: 'integrity' }]],
  ['(EPERM): a sandbox or a security module forbids it', [EPERM, { ...RIGHTS, lockdown: 'none' }]],
  ['(EINVAL): it needs Linux 5.9', [EINVAL, RIGHTS]],
  ['(EINVAL): R2 !read_ok', [{ ...EINVAL, log: 'R2 !read_ok' }, RIGHTS]],
  [
    '(ENOSYS): it was built without BPF, or a sandbox forbids bpf(2)',
    [{ ...CALL, errno: 38, errnoName: 'ENOSYS' }, RIGHTS],
  ],
  ['(ENODEV)', [{ ...CALL, errno: 19, errnoName: 'ENODEV' }, RIGHTS]],
]

test('what the kernel refuses is told with what would help', () => {
  for (const [words, call] of CASES) assert.is(whyRefused(...call), `the kernel would not make a map ${words}`)
})

test.run()
