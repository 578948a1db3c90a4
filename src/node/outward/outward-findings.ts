/** What `baton doctor` says of connections that programs of this host make under addresses of services (docs/outward.md). */
import type { SteeringCapability } from '../../kernel/bpf/steering-outcome.js'
import { PORTS_SHARE } from '../../proxy/port-account.js'
import type { Finding } from '../doctor/finding.js'

export interface OutwardFacts {
  /** Connections of programs that know of nothing; or that there are no cgroups of version 2. */
  readonly steering: SteeringCapability | { readonly why: string }
  /** That the kernel gives to outgoing connections, for each destination. */
  readonly sourcePorts: number
}

const SOURCE_PORTS_WANTED = 16_384

export function outward({ steering, sourcePorts }: OutwardFacts): Finding[] {
  const area = 'outward'
  const runAs: Finding = {
    id: 'run-as',
    area,
    level: 'ok',
    found: 'programs in a cgroup connect as a service (`baton run`)',
  }
  const outAlias: Finding = {
    id: 'out-alias',
    area,
    level: 'ok',
    found: 'connections to a port can leave as a service',
  }
  return [{ ...runAs, ...lackOfRunAs(steering) }, { ...outAlias, ...lackOfAlias(steering) }, ports(sourcePorts)]
}

type Lack = Omit<Finding, 'id' | 'area'>

const CGROUPS =
  'mount -t cgroup2 none /sys/fs/cgroup/unified; under systemd boot with systemd.unified_cgroup_hierarchy=1'
const BPF_RIGHTS = 'CAP_BPF and CAP_NET_ADMIN of the host itself'

function lackOfRunAs(steering: OutwardFacts['steering']): Lack | undefined {
  const without = '`baton run --as` is refused here; programs that know a proxy use the port of --outward all the same'
  if ('why' in steering) return { level: 'note', found: steering.why, without, cure: CGROUPS }
  const { cgroups, runAs } = steering
  if (runAs !== '') return { level: 'note', found: runAs, without, cure: `Linux 5.8, ${BPF_RIGHTS}` }
  if (cgroups === '') return undefined
  if (cgroups === 'EACCES' || cgroups === 'EPERM') {
    return {
      level: 'ok',
      found: 'programs in a cgroup connect as a service; `baton run`, as root, makes it for this user',
    }
  }
  const cure = 'a cgroup file system that may be written to; container engines mount it read-only unless they are told'
  return { level: 'note', found: `no cgroup can be made: ${cgroups}`, without, cure }
}

function lackOfAlias(steering: OutwardFacts['steering']): Lack | undefined {
  const without = 'for services with --out-alias programs of this host connect as the host; others lead theirs'
  if ('why' in steering) return { level: 'note', found: steering.why, without, cure: CGROUPS }
  const { outAlias } = steering
  return outAlias === '' ? undefined : { level: 'note', found: outAlias, without, cure: `Linux 5.14, ${BPF_RIGHTS}` }
}

function ports(sourcePorts: number): Finding {
  const [id, area, found] = ['source-ports', 'outward', `${sourcePorts} source ports for each destination`] as const
  if (sourcePorts >= SOURCE_PORTS_WANTED) return { id, area, level: 'ok', found }
  const without = `a service of this host has at most ${Math.floor(sourcePorts * PORTS_SHARE)} connections to one destination`
  const cure = 'sysctl net.ipv4.ip_local_port_range="32768 60999"'
  return { id, area, level: 'note', found, without, cure }
}
