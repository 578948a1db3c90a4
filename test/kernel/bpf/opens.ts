/** What this process may have of BPF, as JSON. */
import { AnyPort } from '../../../src/kernel/bpf/any-port.io.js'
import { LeaseGate } from '../../../src/kernel/bpf/lease-gate.io.js'

const [anyPort, leaseGate] = [AnyPort.open(), LeaseGate.open()].map((opened) => {
  if ('why' in opened) return opened.why
  opened.close()
  return 'may'
})
process.stdout.write(JSON.stringify({ anyPort, leaseGate }))
