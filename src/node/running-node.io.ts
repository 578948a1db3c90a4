/** One node, built from its state folder and its options. */
import { assert } from '../base/assert.js'
import type { AlarmClock } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import { Prng } from '../base/prng.js'
import { realClock } from '../base/real-clock.io.js'
import { electionConfig } from '../election/config.js'
import { Elections } from '../election/elections.js'
import { TermStore } from '../election/term-store.io.js'
import { gossipConfig, leaveLingerMs } from '../gossip/config.js'
import { Facts } from '../gossip/facts.js'
import type { MemberProfile } from '../gossip/ports.js'
import { Registry } from '../gossip/registry.js'
import { loadRegistry } from '../gossip/registry-file.io.js'
import { Swim } from '../gossip/swim.js'
import { Sync } from '../gossip/sync.js'
import { loadLibc } from '../kernel/libc.io.js'
import { LeaseSlots } from '../proxy/lease-slots.js'
import { CHANNEL } from '../trunk/channels.js'
import { randomSeed } from '../trunk/keys.io.js'
import { beginHostWishes } from './addresses/host-wishes.io.js'
import { openAddresses } from './addresses/surroundings.io.js'
import type { NodeOptions } from './config-schema.js'
import { linkView, logUp, lonelyWarnings, standingWarnings, UNTIL_ADDED_ANEW } from './control/advice.js'
import { NodeApi } from './control/control-api.io.js'
import { ControlSocket } from './control/control-server.io.js'
import { Discovery } from './discovery/discovery.io.js'
import { Strangers } from './discovery/strangers.js'
import { banishing } from './keys/banishing.io.js'
import { KeySharing } from './keys/key-sharing.io.js'
import { openRing } from './keys/key-store.io.js'
import { KeysApi } from './keys/keys-api.io.js'
import { deferred, endProcess } from './lifecycle.io.js'
import { emptied, handedOver } from './moves/mover.io.js'
import { DeathSilence } from './moves/silence.io.js'
import { Node } from './node.io.js'
import { makeLinks, openGossip, startLanes, suitesOf, watchHost } from './openings.io.js'
import { openPrograms } from './programs/program-parts.io.js'
import { flagsOf } from './roles.js'
import type { EventTape } from './seeing/event-tape.js'
import { Lookout } from './seeing/lookout.io.js'
import { Declaring } from './services/declaring.io.js'
import { MembersFile } from './state/members-file.io.js'
import { Saving } from './state/saving.io.js'
import { type NodeState, nextBoot } from './state/state-dir.io.js'
import type { Heir } from './succession/heir.io.js'
import type { Notify } from './succession/notify.io.js'
import { replacingOf } from './succession/replacing.io.js'

const LANE_STOP_MS = 1_500

export class RunningNode {
  /** What is wrong now, by the part that it concerns. */
  readonly #warnings = new Map<string, string>()
  readonly #cleanups: (() => Promise<void> | void)[] = []
  readonly #left = deferred<string>()
  /** Another process takes its place; comes back only with why none does. */
  reload: () => Promise<never> = () => Promise.reject(new Error('it has not begun'))
  /** No program runs here any more, or its time was up. */
  emptied: () => Promise<void> = async () => {}

  private constructor(
    private readonly options: NodeOptions,
    private readonly state: NodeState,
    private readonly logger: EventTape,
    private readonly clock: AlarmClock,
    /** Of a process that this one replaces. */
    private readonly heir: Heir | undefined,
    private readonly notify: Notify,
  ) {}

  static async start(
    options: NodeOptions,
    state: NodeState,
    logger: EventTape,
    notify: Notify,
    heir?: Heir,
  ): Promise<RunningNode> {
    const libc = loadLibc()
    if ('why' in libc) logger.log('warn', 'no-system-calls', { why: libc.why })
    const clock = realClock('why' in libc ? undefined : libc.boottime)
    const running = new RunningNode(options, state, logger, clock, heir, notify)
    try {
      await running.#build()
      return running
    } catch (error) {
      // What it was given is this process's alone by now, or the other's: nothing of it is put in order here.
      if (heir?.isArmed === true || heir?.isOrphan === true) endProcess(logger, error)
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
    const { options, state, logger, clock, heir } = this
    const boot = heir?.hello.boot ?? nextBoot(state.paths)
    // Only the first start founds: a folder that lost its votes later must not found a second electorate. Votes and the
    // count of boots may be lost together; then the members that it remembers tell.
    const random = new Prng(randomSeed())
    const members = new MembersFile(state.paths.members, clock, logger)
    const founds = state.founded && boot === 1 && members.load().length === 0
    const leases = LeaseSlots.bytes()
    let node: Node | undefined
    const { lanes, dataAt } = await startLanes({
      options,
      state,
      boot,
      logger,
      clock,
      warnings: this.#warnings,
      leases,
      hello: heir?.hello,
      seed: () => random.u32(),
      onMessage: (message) => node?.onLane(message),
      members: () => node?.knowledge.carriers() ?? [],
      onDeath: (lane, error) => this.#threadDied(`lane ${lane}`, error),
    })
    this.#cleanups.push(() => lanes.stop(LANE_STOP_MS))
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
      onOpen: () => silence.begin(heir !== undefined),
      onDispute: () => node?.onDispute(),
      onDeath: (error) => this.#threadDied('wire', error),
      left: heir?.network,
    })
    this.#cleanups.push(() => addresses.close())
    const suites = suitesOf(options, logger)
    const programs = await openPrograms(options, state, logger)
    this.#cleanups.push(() => programs.steering?.close())
    let api: NodeApi | undefined
    const saving = new Saving(state.paths, logger, this.#warnings)
    const socket = await ControlSocket.prepare({
      logger,
      access: options.controlAccess ?? {},
      audit: (record) => saving.audit.write(record),
      api: () => {
        assert(api !== undefined, 'it listens when there is an API')
        return api
      },
    })
    // All that takes time is done: from here on clients may be waiting.
    const carried = await heir?.take(lanes, addresses, clock)
    // What is on disk is this process's from here on, and not before.
    const store = TermStore.open(state.paths.votes, 1 + random.below(2 ** 32 - 1), founds ? state.id : undefined)
    this.#cleanups.push(() => store.close())
    const registry = new Registry(state.id)
    registry.merge(loadRegistry(state.paths.registry), clock.wall())
    const ring = openRing(state, clock)
    const clusterKeys = () => ring.secrets
    this.#cleanups.push(() => members.save())
    const startedAt = carried?.startedAt ?? clock.now()
    const data = dataAt[0] ?? { address: options.bind, port: 0 }

    const discovery = new Discovery({ options, state, clusterKeys, boot, links: () => links, clock, random, logger })
    this.#cleanups.push(() => discovery.leave())
    const links = makeLinks({
      ...{ options, state, clusterKeys, boot, clock, random, logger },
      isBanned: (peer) => keys.isBanned(peer),
      node: () => node,
    })
    const control = await links.listen(heir?.controlFd)
    this.#cleanups.push(() => links.close())

    const strangers = new Strangers(clock, logger)
    const { udp, sealer, opener, choice, useKeys } = await openGossip({
      options,
      state,
      boot,
      clusterKeys: ring.keys,
      strangers,
      logger,
      onDatagram: (from, bytes) => node?.onDatagram(from, bytes),
      left: heir && { fd: heir.gossipFd, sealed: carried?.sealed ?? 0 },
    })
    this.#cleanups.push(() => udp.close())
    const { profile, witness, priority } = options
    const [gossip, votesLost] = [gossipConfig(profile), store.isFresh && boot > 1]
    const flags = flagsOf({ witness, leaving: false, drained: false, priority, capability: 0 })
    const self: MemberProfile = { node: state.id, boot, name: state.name, gossip: udp.local, control, data, flags }
    const facts = new Facts({ node: state.id, boot })
    const elections = new Elections({
      self: state.id,
      boot,
      config: electionConfig(profile),
      random,
      durable: store.state,
      isFresh: store.isFresh,
      now: clock.now(),
      carried: carried?.elections,
      directs: !options.witness,
      get diesWithProcess() {
        return silence.isTrusted
      },
      probesRivals: true,
    })
    const keys: KeySharing = new KeySharing({
      self: { node: state.id, boot, name: state.name },
      ...{ ring, clock, random, logger, choice },
      send: (to, bytes) => links.send(to, CHANNEL.keys, bytes),
      save: () => saving.ring(ring),
      apply: useKeys,
      ban: (nodes) => banishing({ nodes, links, opener, node: () => node }),
      carried: carried?.keys,
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
        ...{ clock, logger, random, release: options.version },
        leases: new LeaseSlots(leases),
        sendDatagram: (to, bytes) => udp.send(to, bytes),
        sendToPeer: (to, channel, bytes) => links.send(to, channel, bytes),
        wantPeer: (peer) => links.want(peer),
        unwantPeer: (peer) => links.unwant(peer),
        dataAt,
        suites,
        toLane: (message) => lanes.post(message),
        addresses,
        ...beginHostWishes({ logger, lanes, warnings: this.#warnings, isLeft: heir !== undefined }, this.#cleanups),
        ...programs,
        saveVotes: (records) => saving.votes(store, records),
        saveRegistry: () => saving.registry(registry),
        keys,
        rememberMembers: (addresses) => members.remember(addresses),
        later: (run) => queueMicrotask(run),
      },
    )
    const started = node
    if (votesLost) logger.log('error', 'votes-lost', { file: state.paths.votes, until: UNTIL_ADDED_ANEW })
    if (carried === undefined) started.start()
    else {
      started.goOn(carried)
      lanes.post({ type: 'take-over' })
      logger.log('info', 'took-over', { ms: Math.round(clock.now() - carried.stillSince) })
    }
    this.emptied = () => emptied(started, clock)
    this.#cleanups.push(async () => {
      await handedOver(started, clock)
      started.resign()
      await new Promise((resolve) => setTimeout(resolve, leaveLingerMs(gossip, started.knowledge.members.length)))
      started.halt()
    })
    this.#watch(started)
    for (const at of members.load()) started.onCandidate(at, true)
    discovery.start({ gossip: udp.local, control }, (at) => started.onCandidate(at))
    this.#cleanups.push(() => discovery.stop())

    const replaced = { times: carried?.replaced ?? 0, at: clock.now() }
    const ports = { gossipPort: udp.local.port, controlPort: control.port }
    const replacing = replacingOf({
      folder: state.paths.folder,
      clock,
      logger,
      notify: this.notify,
      node: started,
      keys,
      lanes,
      addresses,
      hello: { node: state.id, boot, bind: options.bind, witness, lanes: lanes.view.count, dataAt, ...ports },
      unsaved: () => saving.unsaved(),
      udp,
      sealer,
      links,
      startedAt,
      times: replaced.times,
    })
    this.reload = () => replacing.reload()
    const lookout = new Lookout({
      tape: logger,
      clock,
      knowledge: started.knowledge,
      query: (limit, service) => lanes.query(limit, service),
      page: options.page,
      name: state.name,
      warnings: this.#warnings,
    })
    const answers = new NodeApi({
      ...{ node: started, clock, logger, startedAt, replaced, discovery, addresses },
      audit: (limit) => saving.audit.read(limit),
      keys: new KeysApi({
        node: started,
        keys,
        clock,
        logger,
        linked: () => links.linked(),
        bootstraps: options.bootstrap,
      }),
      replace: (request) => replacing.begin(request),
      reload: this.reload,
      version: options.version,
      linkOf: (peer) => linkView(links.state(peer), started.lacksData(peer)),
      linked: () => links.linked(),
      stop: () => this.#left.resolve('a command'),
      lanes: lanes.view,
      accessLog: () => lanes.access?.counts,
      query: lookout.query,
      events: () => lookout.events(),
      warnings: () => [
        ...this.#warnings.values(),
        ...lonelyWarnings(started.knowledge.members.length, options.seeds, clock.now() - startedAt),
        ...standingWarnings(elections.isAmnesiac, links.isTurnedOut),
        ...addresses.warnings,
        ...strangers.warnings(),
        ...discovery.warnings(),
        ...declaring.warnings(),
      ],
    })
    const declaring = new Declaring({
      declared: options.declared,
      node: started,
      logger,
      linked: () => links.linked(),
      apply: (request) => answers.importServices(request),
    })
    declaring.start()
    this.#cleanups.push(() => declaring.stop())
    api = answers
    const server = await socket.listen(state.paths.control, heir !== undefined)
    this.#cleanups.push(() => server.close())
    lookout.open(answers)
    this.#cleanups.push(() => lookout.close())
    logUp(logger, options, { name: state.name, id: state.id, boot })
  }

  /** What this host does while the node runs: its event loop, its programs. */
  #watch(node: Node): void {
    const { options, clock, heir } = this
    const stop = watchHost({
      clock,
      users: options.listenerUsers,
      hasPrograms: !options.witness,
      isHurried: heir !== undefined,
      warnings: this.#warnings,
      logger: this.logger,
      onStalled: (lateMs) => node.onStalled(lateMs),
      onListeners: (listeners) => node.onListeners(listeners),
      onLoad: (loadPermille) => node.onLoad(loadPermille),
    })
    this.#cleanups.push(stop)
  }

  /** What was in its heap is gone with it; the cluster is served better by a standby than by half a node. */
  #threadDied(thread: string, error: Error): void {
    this.logger.log('error', 'thread-died', { thread, why: messageOf(error), stack: error.stack })
    process.exit(1)
  }
}
