/**
 * Programs whose connections leave under the address of a service without their knowing (docs/outward.md): those that are run in the
 * cgroup of the service, and those of the whole host that connect to a port of `outAlias`. The kernel leads them to a door of a lane.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import path from 'node:path'
import { isIpv6 } from '../../base/address.js'
import { errnoOf, messageOf } from '../../base/errors.js'
import type { NodeId } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import { Steering } from '../../kernel/bpf/steering.io.js'
import type { FromLane, ToLane } from '../../proxy/lane-protocol.js'
import { rulesOf } from '../../proxy/outward-rules.js'
import { parsePorts } from '../../proxy/port-list.js'
import type { Service } from '../../proxy/service.js'
import { makesConnections } from '../../proxy/service-outward.js'
import { cgroupRoot, NO_CGROUPS } from './cgroup-root.js'

type DoorMessage = Extract<FromLane, { type: 'steer-door' }>
type ToLanes = (message: ToLane) => void

interface Steered {
  readonly all: Made
  readonly alias: Made
}

class Made {
  constructor(
    /** For which settings; others need other programs. */
    readonly made: string,
    private readonly steering: Opened,
  ) {}

  /** Why it is not there; empty: it is, or is not wanted. */
  get why(): string {
    return this.steering !== undefined && 'why' in this.steering ? this.steering.why : ''
  }

  get origins(): number[] {
    return this.steering === undefined || 'why' in this.steering ? [] : [this.steering.origins]
  }

  close(): void {
    if (this.steering !== undefined && !('why' in this.steering)) this.steering.close()
  }
}

export class SteeredPrograms {
  readonly #ports = new Map<string, number>()
  readonly #steered = new Map<string, Steered>()
  /** Services whose cgroup this process may not make. */
  readonly #absent = new Set<string>()
  #services = new Map<string, Service>()
  #toLane: ToLanes | undefined
  /** Before it has been told of services, what is there may be the process's that this one is to replace. */
  #isBegun = false
  #watch: NodeJS.Timeout | undefined

  constructor(
    private readonly node: NodeId,
    private readonly logger: Logger,
    private readonly mounts: () => string = readMounts,
  ) {}

  /** These there are from now on. */
  follow(services: readonly Service[], toLane: ToLanes): void {
    this.#isBegun = true
    this.#services = new Map(services.filter(makesConnections).map((service) => [service.name, service]))
    for (const name of [...this.#steered.keys()]) if (!this.#services.has(name)) this.#forget(name)
    for (const name of [...this.#ports.keys()]) if (!this.#services.has(name)) this.#ports.delete(name)
    for (const service of this.#services.values()) this.#steer(service, toLane)
    this.#sweep()
  }

  /** A lane has its door for connections that are led there. */
  onDoor({ service: name, port }: DoorMessage, toLane: ToLanes): void {
    this.#ports.set(name, port)
    const service = this.#services.get(name)
    if (service !== undefined) this.#steer(service, toLane)
  }

  /** At an orderly end; what is left of a node that is killed its next process takes up, or sweeps away. */
  close(): void {
    clearInterval(this.#watch)
    this.#services = new Map()
    for (const name of [...this.#steered.keys()]) this.#forget(name)
    if (this.#isBegun) this.#sweep()
  }

  #steer(service: Service, toLane: ToLanes): void {
    const { name, address, outAlias, outwardTo } = service
    const port = this.#ports.get(name)
    if (port === undefined) return
    this.#toLane = toLane
    const forAll = `${port} ${address}`
    const forAlias = `${forAll} ${outAlias} ${outAlias === '' ? '' : outwardTo}`
    const before = this.#steered.get(name)
    if (before?.alias.made === forAlias && !this.#absent.has(name)) return
    const family = isIpv6(address) ? 6 : 4
    const root = cgroupRoot(this.mounts())
    const cgroup = root === undefined ? '' : path.join(root, this.#folder, name)
    before?.alias.close()
    const isSame = before?.all.made === forAll && !this.#absent.delete(name)
    const all = isSame ? before.all : new Made(forAll, this.#openAll(name, root, cgroup, family, port))
    const alias = new Made(forAlias, this.#openAlias(service, root, family, port))
    // Its programs have taken the place of those before.
    if (!isSame) before?.all.close()
    this.#steered.set(name, { all, alias })
    const [whyNot, whyNoAlias] = [all.why, alias.why]
    if (whyNot !== '')
      this.logger.log('warn', 'not-steered', { service: name, what: 'programs of its cgroup', why: whyNot })
    if (whyNoAlias !== '')
      this.logger.log('warn', 'not-steered', { service: name, what: `port ${outAlias}`, why: whyNoAlias })
    const origins = [all, alias].flatMap((made) => made.origins)
    toLane({ type: 'steer', service: name, origins, cgroup, whyNot, whyNoAlias })
  }

  #openAll(name: string, root: string | undefined, cgroup: string, family: 4 | 6, port: number): Opened {
    if (root === undefined) return { why: NO_CGROUPS }
    const why = makeFolder(cgroup)
    if (why === '') return Steering.open({ cgroup, family, port })
    this.#absent.add(name)
    this.#watch ??= setInterval(() => this.#lookForAbsent(root), LOOK_EVERY_MS).unref()
    return { why: `the cgroup ${cgroup} cannot be made here, and nobody else has: ${why}` }
  }

  #openAlias({ outAlias, outwardTo }: Service, root: string | undefined, family: 4 | 6, port: number): Opened {
    const ports = outAlias === '' ? undefined : parsePorts(outAlias)
    if (ports?.type !== 'ports') return undefined
    if (root === undefined) return { why: NO_CGROUPS }
    return Steering.open({ cgroup: root, family, port, only: { ports: ports.ports, networks: rulesOf(outwardTo) } })
  }

  /** `baton run`, which is root's, makes what this process may not. */
  #lookForAbsent(root: string): void {
    for (const name of [...this.#absent]) {
      const service = this.#services.get(name)
      if (service === undefined) this.#absent.delete(name)
      else if (existsSync(path.join(root, this.#folder, name)) && this.#toLane !== undefined)
        this.#steer(service, this.#toLane)
    }
    if (this.#absent.size > 0) return
    clearInterval(this.#watch)
    this.#watch = undefined
  }

  /** Programs that still run there have nowhere to connect to. */
  #forget(name: string): void {
    const steered = this.#steered.get(name)
    this.#steered.delete(name)
    steered?.alias.close()
    steered?.all.close()
  }

  /** Cgroups of services that are none any more, also those that another process of this node has left; where programs run one stays. */
  #sweep(): void {
    const root = cgroupRoot(this.mounts())
    if (root === undefined) return
    const folder = path.join(root, this.#folder)
    for (const name of foldersIn(folder)) if (!this.#services.has(name)) removeFolder(path.join(folder, name))
    if (this.#services.size === 0) removeFolder(folder)
  }

  get #folder(): string {
    return `baton-${this.node.slice(0, 12)}`
  }
}

type Opened = Steering | { readonly why: string } | undefined

const LOOK_EVERY_MS: Millis = 300

/** Empty: it is there. */
function makeFolder(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true })
    return ''
  } catch (error) {
    return existsSync(folder) ? '' : errnoOf(error) || messageOf(error)
  }
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? [one.name] : []))
  } catch {
    return []
  }
}

function removeFolder(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Programs are in it, or it is another user's.
  }
}

function readMounts(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    return ''
  }
}
