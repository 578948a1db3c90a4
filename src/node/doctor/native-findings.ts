/** The parts of packages that were compiled for some hosts and not for others: which are here, and what goes without. */
import type { Finding } from './finding.js'

/** '' where it can be loaded, else why not. */
export interface NativeFacts {
  readonly koffi: string
  readonly sodium: string
  readonly udx: string
}

const AREA = 'native parts'
const CURE = 'Linux on x64 or arm64 with glibc 2.33 or later (docs/install.md)'

export function nativeParts({ koffi, sodium, udx }: NativeFacts): Finding[] {
  return [
    finding('native/koffi', koffi, 'koffi: system calls', {
      without: 'sockets by node:net, no addresses of its own, connections that end with their director',
      cure: 'Linux on x64 or arm64 with glibc 2.25 or later, or musl; `npm install` without --omit=optional',
    }),
    finding('native/sodium-native', sodium, 'sodium-native: libsodium, compiled', {
      without:
        'the same ciphers as WebAssembly: several times the CPU for each byte between nodes, unless AES of Node pays',
      cure: CURE,
    }),
    finding('native/udx-native', udx, 'udx-native: nodes can be found by swarm', {
      without: '`--discovery swarm` and `baton bootstrap`; nodes are found on the LAN and by --seed',
      cure: CURE.replace('2.33', '2.14'),
    }),
  ]
}

function finding(id: string, why: string, there: string, rest: Pick<Finding, 'without' | 'cure'>): Finding {
  return why === ''
    ? { id, area: AREA, level: 'ok', found: there }
    : { id, area: AREA, level: 'degraded', found: why, ...rest }
}
