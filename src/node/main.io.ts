/** `baton up`: builds one node from its state folder and its options, runs it until a signal, and stops it in order. */
import { type Endpoint, formatEndpoint } from '../base/address.js'
import { assert } from '../base/assert.js'
import type { AlarmClock } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import type { Logger } from '../base/log.js'
import { Prng } from '../base/prng.js'
import { realClock } from '../base/real-clock.io.js'
import { electionConfig } from '../election/config.js'
import { Elections } from '../election/elections.js'
import type { DurableRecord } from '../election/ports.js'
import { TermStore } from '../election/term-store.io.js'
import { gossipConfig, leaveLingerMs } from '../gossip/config.js'
import { Facts } from '../gossip/facts.js'
import type { DatagramPort, MemberProfile } from '../gossip/ports.js'
import { Registry } from '../gossip/registry.js'
import { loadRegistry, saveRegistry } from '../gossip/registry-file.io.js'
import { Opener, Sealer } from '../gossip/seal.js'
import { Swim } from '../gossip/swim.js'
import { Sync } from '../gossip/sync.js'
import { openUdp } from '../gossip/udp.io.js'
import { loadLibc } from '../kernel/libc.io.js'
import { SocketTable } from '../kernel/socket-table.io.js'
import { LeaseSlots } from '../proxy/lease-slots.js'
import { trunkConfig } from '../trunk/config.js'
import { ControlLinks } from '../trunk/control-links.io.js'
import { deriveKey, randomBytes } from '../trunk/keys.io.js'
import { suitesThatPay } from '../trunk/seals.io.js'
import type { Suite } from '../trunk/suites.js'
import { forgetfulWarnings, linkView, lonelyWarnings } from './advice.js'
import type { NodeOptions, NodeSettings } from './config-schema.js'
import { NodeApi } from './control-api.io.js'
import { startControlServer } from './control-server.io.js'
import { Declaring } from './declaring.io.js'
import { chooseEngine } from './engine.io.js'
import { IdleLane } from './idle-lane.js'
import { LaneGroup } from './lane-group.io.js'
import { deferred, endOnFault, endProcess, stopSignal } from './lifecycle.io.js'
import { StreamLogger } from './logger.io.js'
import { MembersFile } from './members-file.io.js'
import { handedOver } from './mover.io.js'
import { Node } from './node.io.js'
import { Notify } from './notify.io.js'
import { withBind } from './own-address.io.js'
import { flagsOf } from './roles.js'
import { DeathSilence } from './silence.io.js'
import { StallWatch } from './stall-watch.io.js'
import { type NodeState, nextBoot, openState } from './state-dir.io.js'
import { lockState } from './state-lock.io.js'
import { Strangers } from './strangers.js'
import { openAddresses, peerSources } from './surroundings.io.js'

/** Late by more than this, an event loop hears of it. */
const STALL_MS = 50

/** How long a stop may take in all; then the process ends as it is. */
const STOP_MS_MAX = 5_000
const NO_ADDRESS =
  'this host has no address that others reach: the node is alone on loopback; start it again when there is one, or give --bind'
const LANE_STOP_MS = 1_500

/** Resolves after an orderly stop by SIGTERM or SIGINT; rejects with a BatonError if the node cannot start. */
export async function runNode(settings: NodeSettings): Promise<void> {
  const options = withBind(settings)
  const logger = new StreamLogger(options.logFormat, options.logLevel)
  const state = openState(options.stateDir)
  const lock = lockState(state.paths.lock)
  endOnFault(logger)
  const notify = Notify.fromEnvironment()
  try {
    const node = await RunningNode.start(options, state, logger)
    notify.ready(`up as ${state.name}`)
    const why = await Promise.race([stopSignal(), node.left])
    logger.log('info', 'stopping', { why })
    notify.stopping(why)
    const force = setTimeout(() => {
      logger.log('error', 'stop-late', { ms: STOP_MS_MAX })
      process.exit(1)
    }, STOP_MS_MAX)
    await node.stop()
    clearTimeout(force)
    logger.log('info', 'stopped', {})
  } finally {
    lock.release()
  }
}

class RunningNode {
  /** What is wrong now, by the part that it concerns. */
  readonly #warnings = new Map<string, string>()
  readonly #cleanups: (() => Promise<void> | void)[] = []
  readonly #left = deferred<string>()

  private constructor(
    private readonly options: NodeOptions,
    private readonly state: NodeState,
    private readonly logger: Logger,
    private readonly clock: AlarmClock,
  ) {}

  static async start(options: NodeOptions, state: NodeState, logger: Logger): Promise<RunningNode> {
    const libc = loadLibc()
    if ('why' in libc) logger.log('warn', 'no-system-calls', { why: libc.why })
    const running = new RunningNode(options, state, logger, realClock('why' in libc ? undefined : libc.boottime))
    try {
      await running.#build()
      return running
    } catch (error) {
      await running.stop()
      throw error
    }
  }

  /** Resolves when this node has left its cluster for good. */
  get left(): Promise<string> {
    return this.#left.promise
  }

  /** In the reverse order of the start: first what others rely on is handed over, last come the sockets. */
  async stop(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup()
  }

  async #build(): Promise<void> {
    const { options, state, logger, clock } = this
    const startedAt = clock.now()
    const boot = nextBoot(state.paths)
    // Only the first start founds: a folder that lost its votes later must not found a second electorate. Votes and the
    // count of boots may be lost together; then the members that it remembers tell.
    const random = new Prng(randomSeed())
    const members = new MembersFile(state.paths.members, clock, logger)
    const founds = state.founded && boot === 1 && members.load().length === 0
    const store = TermStore.open(state.paths.votes, 1 + random.below(2 ** 32 - 1), founds ? state.id : undefined)
    this.#cleanups.push(() => store.close())
    const leases = LeaseSlots.bytes()

    const registry = new Registry(state.id)
    registry.merge(loadRegistry(state.paths.registry), clock.wall())
    this.#cleanups.push(() => members.save())

    let node: Node | undefined
    const { lanes, dataAt } = await this.#startLanes(boot, random, leases, () => node)
    const silence = new DeathSilence(logger, (why) => this.#warnings.set('silence', why))
    const addresses = openAddresses({
      isWitness: options.witness,
      lanes,
      leases,
      seed: randomSeed(),
      clock,
      logger,
      keepOpen: [options.controlPort, ...dataAt.map(({ port }) => port)],
      portsOf: (service) => node?.knowledge.servedPorts(service) ?? [],
      onOpen: () => silence.begin(),
      onDispute: () => node?.onDispute(),
      onDeath: (error) => this.#threadDied('wire', error),
    })
    this.#cleanups.push(() => addresses.close())
    const data = dataAt[0] ?? { address: options.bind, port: 0 }

    const links = new ControlLinks({
      self: { node: state.id, boot, name: state.name, ...state.keyPair },
      clusterKeys: state.clusterKeys,
      bind: { address: options.bind, port: options.controlPort },
      config: trunkConfig(),
      clock,
      random,
      log: logger,
      events: {
        onUp: (peer) => node?.onPeerUp(peer),
        onDown: (peer, why, byUs) => node?.onPeerDown(peer, why, byUs),
        onRefused: (peer) => node?.onPeerRefused(peer),
        onMessage: (peer, channel, payload) => node?.onPeerMessage(peer, channel, payload),
      },
    })
    const control = await links.listen()
    this.#cleanups.push(() => links.close())

    const strangers = new Strangers(clock, logger)
    const udp = await this.#openUdp(boot, strangers, (from, bytes) => node?.onDatagram(from, bytes))
    const gossip = gossipConfig(options.profile)
    const votesLost = store.isFresh && boot > 1
    const { witness, priority } = options
    const flags = flagsOf({ witness, leaving: false, drained: false, priority, capability: 0 })
    const self: MemberProfile = { node: state.id, boot, name: state.name, gossip: udp.local, control, data, flags }
    const facts = new Facts({ node: state.id, boot })
    const elections = new Elections({
      self: state.id,
      boot,
      config: electionConfig(options.profile),
      random,
      durable: store.state,
      isFresh: store.isFresh,
      now: clock.now(),
      directs: !options.witness,
      get diesWithProcess() {
        return silence.isTrusted
      },
      probesRivals: true,
    })
    node = new Node(
      self,
      {
        swim: new Swim({ self, config: gossip, random }),
        sync: new Sync({ registry, facts, clock, random }),
        elections,
        registry,
        facts,
      },
      {
        clock,
        logger,
        random,
        leases: new LeaseSlots(leases),
        sendDatagram: (to, bytes) => udp.send(to, bytes),
        sendToPeer: (to, channel, bytes) => links.send(to, channel, bytes),
        wantPeer: (peer) => links.want(peer),
        unwantPeer: (peer) => links.unwant(peer),
        dataAt,
        suites: this.#suites(),
        toLane: (message) => lanes.post(message),
        addresses,
        saveVotes: (records) => this.#saveVotes(store, records),
        saveRegistry: () => this.#saveRegistry(registry),
        rememberMembers: (addresses) => members.remember(addresses),
        later: (run) => queueMicrotask(run),
      },
    )
    const started = node
    if (votesLost) {
      const until = 'the others have removed its old vote and added it anew'
      logger.log('error', 'votes-lost', { file: state.paths.votes, until: `it does not vote until ${until}` })
    }
    started.start()
    this.#cleanups.push(async () => {
      await handedOver(started, clock)
      started.resign()
      await new Promise((resolve) => setTimeout(resolve, leaveLingerMs(gossip, started.knowledge.members.length)))
      started.halt()
    })
    this.#watch(started)
    for (const at of members.load()) started.onCandidate(at, true)
    for (const source of peerSources({ options, state, at: udp.local, clock, random, logger })) {
      source.start((at) => started.onCandidate(at))
      this.#cleanups.push(() => source.stop())
    }

    const api = new NodeApi({
      node: started,
      clock,
      logger,
      startedAt,
      version: options.version,
      linkOf: (peer) => linkView(links.state(peer)),
      linked: () => links.linked(),
      stop: () => this.#left.resolve('leave'),
      addresses,
      lanes: lanes.view,
      query: (limit, service) => lanes.query(limit, service),
      warnings: () => [
        ...this.#warnings.values(),
        ...lonelyWarnings(started.knowledge.members.length, options.seeds, clock.now() - startedAt),
        ...forgetfulWarnings(elections.isAmnesiac),
        ...strangers.warnings(),
        ...declaring.warnings(),
      ],
    })
    const declaring = new Declaring({
      declared: options.declared,
      node: started,
      logger,
      linked: () => links.linked(),
      apply: (request) => api.importServices(request),
    })
    declaring.start()
    this.#cleanups.push(() => declaring.stop())
    const server = await startControlServer({ path: state.paths.control, api, logger })
    this.#cleanups.push(() => server.close())
    const { bind, bindFrom, passedOver = [] } = options
    if (bindFrom === 'loopback') logger.log('warn', 'no-address', { why: NO_ADDRESS })
    const others = passedOver.length === 0 ? {} : { passedOver: passedOver.join(', ') }
    logger.log('info', 'up', { name: state.name, id: state.id, boot, bind, bindFrom, ...others })
  }

  async #startLanes(
    boot: number,
    random: Prng,
    leases: SharedArrayBuffer,
    node: () => Node | undefined,
  ): Promise<{ lanes: LaneGroup | IdleLane; dataAt: readonly Endpoint[] }> {
    const { options, state, logger } = this
    // A witness carries no connection, its own or others'.
    if (options.witness) return { lanes: new IdleLane(), dataAt: [] }
    const engine = chooseEngine(options)
    logger.log('info', 'engine', { engine: engine.name, lanes: engine.lanes, why: engine.why })
    const lanes = new LaneGroup({
      engine,
      node: state.id,
      name: state.name,
      boot,
      address: options.bind,
      seed: () => random.u32(),
      leases,
      logger,
      logLevel: options.logLevel,
      onMessage: (message) => node()?.onLane(message),
      onDeath: (lane, error) => this.#threadDied(`lane ${lane}`, error),
      members: () => node()?.knowledge.carriers() ?? [],
    })
    this.#cleanups.push(() => lanes.stop(LANE_STOP_MS))
    return { lanes, dataAt: await lanes.listen(options.dataPort) }
  }

  /** A witness makes no data links, and looks for nothing. */
  #suites(): readonly Suite[] {
    const { options, logger } = this
    if (options.witness || options.cipher === 'secretstream') return ['secretstream']
    const { suites, why } = suitesThatPay()
    logger.log('info', 'cipher', { cipher: suites[0], why })
    return suites
  }

  async #openUdp(
    boot: number,
    strangers: Strangers,
    onDatagram: (from: Endpoint, bytes: Uint8Array) => void,
  ): Promise<DatagramPort> {
    const { options, state, logger } = this
    const keys = state.clusterKeys.map((key) => deriveKey(key, 'gossip datagram 1'))
    const [current] = keys
    assert(current !== undefined, 'a state folder holds a cluster key')
    const opened = await openUdp({
      bind: { address: options.bind, port: options.gossipPort },
      sealer: new Sealer(current, { node: state.id, boot }),
      opener: new Opener(keys),
      onDatagram,
      onRefused: (from, why) => strangers.refused(from, why),
      onProblem: (errno, to) => logger.log('debug', 'datagram-failed', { errno, to: to && formatEndpoint(to) }),
    })
    if (opened.type === 'failed') throw opened.error
    this.#cleanups.push(() => opened.port.close())
    return opened.port
  }

  /** What this host does while the node runs: its event loop, its programs. */
  #watch(node: Node): void {
    const stalls = new StallWatch(this.clock, STALL_MS, (lateMs) => node.onStalled(lateMs))
    stalls.start()
    this.#cleanups.push(() => stalls.stop())
    if (this.options.witness) return
    const sockets = new SocketTable({
      clock: this.clock,
      onListeners: (listeners) => {
        this.#warnings.delete('socket-table')
        const { listenerUsers: users } = this.options
        node.onListeners(users === undefined ? listeners : listeners.filter(({ uid }) => users.includes(uid)))
      },
      onProblem: ({ code, why }) => {
        this.#warnings.set('socket-table', `programs of this host are not found: ${why}`)
        this.logger.log('error', 'socket-table', { code, why })
      },
    })
    sockets.start()
    this.#cleanups.push(() => sockets.stop())
  }

  /** Ends here and not by an exception, which whoever writes a service would get for an answer while the node lives on. */
  #saveVotes(store: TermStore, records: readonly DurableRecord[]): void {
    try {
      store.append(records)
    } catch (error) {
      endProcess(this.logger, error)
    }
  }

  /** A full disk is told and tried again at the next change; what the others hold is as good as a file. */
  #saveRegistry(registry: Registry): void {
    try {
      saveRegistry(this.state.paths.registry, registry.state())
      this.#warnings.delete('registry')
    } catch (error) {
      const why = `services are not saved on this node: ${messageOf(error)}`
      this.#warnings.set('registry', why)
      this.logger.log('error', 'registry-not-saved', { why })
    }
  }

  /** What was in its heap is gone with it; the cluster is served better by a standby than by half a node. */
  #threadDied(thread: string, error: Error): void {
    this.logger.log('error', 'thread-died', { thread, why: messageOf(error), stack: error.stack })
    process.exit(1)
  }
}

/** 53 bits: as many as a seed takes. */
function randomSeed(): number {
  return Number(Buffer.from(randomBytes(8)).readBigUInt64LE() >> 11n)
}
