import { AnyPort } from './any-port.io.js'
import type { HookName } from './interface-hook.io.js'
import type { Problem } from './kit.io.js'
import { LeaseGate } from './lease-gate.io.js'

export interface BpfCapability {
  readonly anyPort: 'yes' | Problem
  /** What the gate would be attached by. */
  readonly leaseGate: HookName | Problem
}

/** What this process may, here: both are opened, with no address, and closed. Whatever else is asked could be wrong. */
export function bpfCapability(): BpfCapability {
  const [anyPort, leaseGate] = [AnyPort.open(), LeaseGate.open()]
  const capability: BpfCapability = {
    anyPort: 'why' in anyPort ? anyPort : 'yes',
    leaseGate: 'why' in leaseGate ? leaseGate : leaseGate.hook,
  }
  if (!('why' in anyPort)) anyPort.close()
  if (!('why' in leaseGate)) leaseGate.close()
  return capability
}
