/** What a node opens on its host before it can begin: lanes, the gossip socket, the table of listening sockets. */
import { type Endpoint, formatEndpoint } from '../base/address.js'
import { assert } from '../base/assert.js'
import type { AlarmClock } from '../base/clock.js'
import type { NodeId } from '../base/ids.js'
import type { Logger } from '../base/log.js'
import { whyPortable } from '../base/native/sodium.io.js'
import type { Prng } from '../base/prng.js'
import type { Millis } from '../base/time.js'
import { KeyChoice } from '../gossip/key-choice.js'
import { Opener, Sealer } from '../gossip/seal.js'
import { openUdp, type UdpPort } from '../gossip/udp.io.js'
import { trunkConfig } from '../trunk/config.js'
import { ControlLinks } from '../trunk/control-links.io.js'
import { deriveKey } from '../trunk/keys.io.js'
import { suitesThatPay } from '../trunk/seals.io.js'
import type { Suite } from '../trunk/suites.js'
import type { NodeOptions } from './config-schema.js'
import type { Strangers } from './discovery/strangers.js'
import type { RingKey } from './keys/key-ring.js'
import { chooseEngine } from './lanes/engine.io.js'
import { IdleLane } from './lanes/idle-lane.js'
import { LaneGroup, type LaneGroupOptions } from './lanes/lane-group.io.js'
import { StallWatch } from './lanes/stall-watch.io.js'
import type { Node } from './node.io.js'
import { watchLoad } from './programs/host-load.io.js'
import { type ProgramWatchOptions, programWatch } from './programs/program-watch.io.js'
import { AccessLog } from './seeing/access-log.io.js'
import type { NodeState } from './state/state-dir.io.js'
import { engineCannot } from './succession/bequest.io.js'
import type { Hello } from './succession/handover-protocol.js'

export interface LaneParts
  extends Omit<LaneGroupOptions, 'engine' | 'address' | 'node' | 'name' | 'logLevel' | 'access'> {
  readonly options: NodeOptions
  readonly state: NodeState
  /** Of the process that is replaced: where its lanes listen, these are to. */
  readonly hello?: Hello | undefined
  readonly clock: Pick<AlarmClock, 'now'>
  /** What is wrong now, by the part that it concerns. */
  readonly warnings: Map<string, string>
}

export interface OpenLanes {
  readonly lanes: LaneGroup | IdleLane
  readonly dataAt: readonly Endpoint[]
}

export async function startLanes({ options, state, hello, ...parts }: LaneParts): Promise<OpenLanes> {
  // A witness carries no connection, its own or others'.
  if (options.witness) return { lanes: new IdleLane(), dataAt: [] }
  const engine = chooseEngine(hello === undefined ? options : { ...options, lanes: hello.lanes })
  parts.logger.log('info', 'engine', { engine: engine.name, lanes: engine.lanes, why: engine.why })
  if (hello !== undefined && engine.name !== 'epoll') throw engineCannot(engine.why)
  const { id: node, name } = state
  const { bind: address, logLevel } = options
  const access = openAccessLog(options, parts)
  const own = { engine, node, name, address, logLevel, access }
  const lanes = new LaneGroup({ ...own, inherits: hello !== undefined, ...parts })
  if (hello !== undefined) {
    await lanes.awake(hello.dataAt)
    return { lanes, dataAt: hello.dataAt }
  }
  try {
    return { lanes, dataAt: await lanes.listen(options.dataPort) }
  } catch (error) {
    await lanes.stop(0)
    throw error
  }
}

function openAccessLog(
  { accessLog = 'off' }: NodeOptions,
  { clock, logger, warnings }: Pick<LaneParts, 'clock' | 'logger' | 'warnings'>,
): AccessLog | undefined {
  if (accessLog === 'off') return undefined
  return AccessLog.open(
    accessLog,
    () => clock.now(),
    logger,
    (why) => {
      if (why === undefined) warnings.delete('access-log')
      else warnings.set('access-log', why)
    },
  )
}

/** A witness makes no data links, and looks for nothing. */
export function suitesOf({ witness, cipher }: NodeOptions, logger: Logger): readonly Suite[] {
  if (whyPortable !== '')
    logger.log('warn', 'no-native-sodium', { why: whyPortable, instead: 'libsodium as WebAssembly' })
  if (witness || cipher === 'secretstream') return ['secretstream']
  const { suites, why } = suitesThatPay()
  logger.log('info', 'cipher', { cipher: suites[0], why })
  return suites
}

export interface LinkParts {
  readonly options: NodeOptions
  readonly state: NodeState
  readonly clusterKeys: () => readonly Uint8Array[]
  readonly isBanned: (peer: NodeId) => boolean
  readonly boot: number
  readonly clock: AlarmClock
  readonly random: Prng
  readonly logger: Logger
  /** When there is one. */
  readonly node: () => Node | undefined
}

export function makeLinks(parts: LinkParts): ControlLinks {
  const { options, state, clusterKeys, isBanned, boot, clock, random, logger, node } = parts
  return new ControlLinks({
    self: { node: state.id, boot, name: state.name, release: options.version, ...state.keyPair },
    clusterKeys,
    isBanned,
    bind: { address: options.bind, port: options.controlPort },
    config: trunkConfig(),
    clock,
    random,
    log: logger,
    events: {
      onUp: (peer) => node()?.onPeerUp(peer),
      onDown: (peer, why, byUs) => node()?.onPeerDown(peer, why, byUs),
      onRefused: (peer) => node()?.onPeerRefused(peer),
      onMessage: (peer, channel, payload) => node()?.onPeerMessage(peer, channel, payload),
    },
  })
}

export interface GossipParts {
  readonly options: NodeOptions
  readonly state: NodeState
  readonly boot: number
  /** Of the cluster, the current one first. */
  readonly clusterKeys: readonly RingKey[]
  readonly strangers: Strangers
  readonly logger: Logger
  readonly onDatagram: (from: Endpoint, bytes: Uint8Array) => void
  /** Of the process that is replaced: its socket, and how many datagrams it has sealed. */
  readonly left?: { readonly fd: number; readonly sealed: number } | undefined
}

export interface OpenGossip {
  readonly udp: UdpPort
  readonly sealer: Sealer
  readonly opener: Opener
  readonly choice: KeyChoice
  /** From now on, the current one first. */
  useKeys(keys: readonly RingKey[]): void
}

export async function openGossip(parts: GossipParts): Promise<OpenGossip> {
  const { options, state, boot, clusterKeys, strangers, logger, onDatagram, left } = parts
  const [opener, choice, derived] = [new Opener([]), new KeyChoice(), new Map<string, Uint8Array>()]
  // The same array for the same key: the choice compares by reference.
  const gossipKey = ({ id, key }: RingKey) => {
    const known = derived.get(id) ?? deriveKey(key, 'gossip datagram 1')
    derived.set(id, known)
    return { id, key: known }
  }
  const useKeys = (ring: readonly RingKey[]) => {
    for (const id of derived.keys()) if (!ring.some((one) => one.id === id)) derived.delete(id)
    const keys = ring.map(gossipKey)
    opener.useKeys(keys.map(({ key }) => key))
    choice.useKeys(keys)
    return keys
  }
  const [current] = useKeys(clusterKeys)
  assert(current !== undefined, 'a state folder holds a cluster key')
  const sealer = new Sealer(current.key, { node: state.id, boot }, left?.sealed)
  const opened = await openUdp({
    bind: { address: options.bind, port: options.gossipPort },
    fd: left?.fd,
    sealer,
    opener,
    keys: choice,
    onDatagram,
    onRefused: (from, why) => strangers.refused(from, why),
    onProblem: (errno, to) => logger.log('debug', 'datagram-failed', { errno, to: to && formatEndpoint(to) }),
  })
  if (opened.type === 'failed') throw opened.error
  return { udp: opened.port, sealer, opener, choice, useKeys }
}

/** Late by more than this, an event loop hears of it. */
const STALL_MS = 50
const LATER_MS: Millis = 300

export interface HostWatchParts extends Omit<ProgramWatchOptions, 'clock'> {
  readonly clock: AlarmClock
  /** `false`: nobody asks for them. */
  readonly hasPrograms: boolean
  /** What the process before has seen is true still, and its clients wait. */
  readonly isHurried: boolean
  readonly onStalled: (lateMs: Millis) => void
  readonly onLoad: (loadPermille: number) => void
}

/** The event loop of this process, and the programs of this host. Answers what ends it. */
export function watchHost({ hasPrograms, isHurried, onStalled, onLoad, ...programs }: HostWatchParts): () => void {
  const { clock } = programs
  const stalls = new StallWatch(clock, STALL_MS, onStalled)
  stalls.start()
  const stopLoad = hasPrograms ? watchLoad(onLoad) : () => {}
  const table = programWatch(programs)
  const later = clock.alarm(() => table.start())
  if (hasPrograms && isHurried) later.set(clock.now() + LATER_MS)
  else if (hasPrograms) table.start()
  return () => {
    later.set(undefined)
    stopLoad()
    table.stop()
    stalls.stop()
  }
}
