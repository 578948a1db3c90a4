/** What this process may have of BPF, as JSON. */
import { bpfCapability } from '../../../src/kernel/bpf/capability.io.js'

process.stdout.write(JSON.stringify(bpfCapability()))
