import { timingSafeEqual } from 'node:crypto'
import type HyperDHT from 'hyperdht'
import type Hyperswarm from 'hyperswarm'
import type { SwarmPeer, SwarmSession } from 'hyperswarm'
import { canonicalIp, type Endpoint, formatEndpoint } from '../../base/address.js'
import { toHex } from '../../base/bytes.js'
import type { Alarm, AlarmClock } from '../../base/clock.js'
import { Driver } from '../../base/driver.io.js'
import { messageOf } from '../../base/errors.js'
import type { NodeId } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import { type Bootstrap, formatBootstrap } from './bootstrap.js'
import type { PeerSource } from './peer-source.js'
import type { SwarmConnection, SwarmKeyPair } from './swarm-connection.js'
import type { SwarmIntroduction } from './swarm-message.js'
import { loadSwarm } from './swarm-packages.io.js'
import { onlineWord, refreshDelay, type SwarmReport } from './swarm-report.js'
import { SwarmTalk, type SwarmTalkEffect, type SwarmTalkEvent } from './swarm-talk.js'

/** UDP; if it is taken, one of the next four, else any. Not that of `baton bootstrap`, which may be on the same host. */
export const SWARM_PORT = 49_747
/** Connections at a time, in either direction: one that leads to a member is enough. */
const PEERS_MAX = 64
/** Of those, the ones that have proven nothing yet. */
const UNPROVEN_MAX = 32
/** Proofs and framing have some 250: hyperswarm would wait for a message of 16 MB. */
const UNPROVEN_BYTES_MAX = 4_096
const DIALS_MAX = 3
/** Keys that were seen under the topic. Beyond it somebody makes them up: all are forgotten. */
const KNOWN_MAX = 1_024
const LOOK_EVERY_MS: Millis = 1_000
/** By then a bootstrap node has answered, or there is none: names that nobody resolves take longer to say so. */
const READY_MS_MAX: Millis = 8_000
/** To take the announcement back. Whoever asks for it later finds nobody, and goes on. */
const LEAVE_MS_MAX: Millis = 700
const CLOSE_MS_MAX: Millis = 300

/** A connection that is to carry a control link. */
export interface Carrier extends Pick<SwarmIntroduction, 'node' | 'boot'> {
  readonly connection: SwarmConnection
  /** Whether this end begins. */
  readonly isInitiator: boolean
  readonly remote: Endpoint
}

export interface SwarmSourceOptions {
  /** 32 bytes each, one for each key that the cluster has at this moment; the same array until those are others. */
  readonly topics: () => readonly Uint8Array[]
  /** Of this node, for this purpose alone. */
  readonly keyPair: SwarmKeyPair
  /** A proof for each key of the cluster, of one connection and one of its ends. */
  readonly proofs: (handshakeHash: Uint8Array, isInitiator: boolean) => readonly Uint8Array[]
  /** None: those of the public network. */
  readonly bootstrap: readonly Bootstrap[]
  readonly self: () => SwarmIntroduction
  readonly isLinked: (node: NodeId) => boolean
  readonly onCarrier: (carrier: Carrier) => void
  readonly clock: AlarmClock
  readonly logger: Logger
}

interface Talk {
  readonly driver: Driver<SwarmTalkEvent, SwarmTalkEffect>
  isProven: boolean
}

/**
 * hyperswarm: nodes of a cluster announce themselves under a topic made of its key, at nodes of a DHT, and connect to each other
 * through NATs. It is loaded when it is started, and not before. See swarm-talk for what is said on its connections.
 */
export class SwarmSource implements PeerSource {
  readonly name = 'swarm'
  readonly #look: Alarm
  readonly #talks = new Map<SwarmConnection, Talk>()
  readonly #carriers = new Set<SwarmConnection>()
  readonly #met = new Set<NodeId>()
  readonly #counts = { strangers: 0, refused: 0 }
  #found: (candidate: Endpoint) => void = () => {}
  #swarm: Hyperswarm | undefined
  #dht: HyperDHT | undefined
  /** By topic, in hex. */
  #sessions = new Map<string, SwarmSession>()
  /** Empty: it is, or is still to be seen. */
  #failure = ''
  #isReady = false
  #isStopped = false
  #told = ''
  #openedAt: Millis = 0
  #refreshes = 0
  #refreshAt: Millis = 0

  constructor(private readonly options: SwarmSourceOptions) {
    this.#look = options.clock.alarm(() => this.#watch())
  }

  start(found: (candidate: Endpoint) => void): void {
    this.#found = found
    void this.#open()
  }

  report(): SwarmReport {
    const { bootstrap } = this.options
    return {
      failure: this.#failure,
      isReady: this.#isReady,
      nodes: this.#dht?.nodes.length ?? 0,
      bootstrap: bootstrap.map(formatBootstrap),
      met: this.#met.size,
      connections: this.#talks.size + this.#carriers.size,
      carried: this.#carriers.size,
      ...this.#counts,
    }
  }

  /** Links that it carries end with it: after they were closed, then. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#found = () => {}
    await this.#close()
  }

  async #open(): Promise<void> {
    const { keyPair, bootstrap, clock } = this.options
    try {
      const packages = await loadSwarm()
      if (this.#isStopped) return
      if ('why' in packages) return this.#fail(new Error(packages.why))
      const { DHT, Swarm } = packages
      const known = bootstrap.length === 0 ? {} : { bootstrap: bootstrap.map(formatBootstrap) }
      const dht = new DHT({ ...known, port: SWARM_PORT })
      const limits = { maxPeers: PEERS_MAX, maxParallel: DIALS_MAX }
      const swarm = new Swarm({ dht, keyPair, ...limits })
      ;[this.#dht, this.#swarm] = [dht, swarm]
      swarm.on('connection', (connection, peer) => this.#onConnection(connection, peer))
      dht.fullyBootstrapped().then(
        () => {
          this.#isReady = true
          this.#tell()
        },
        (error: unknown) => this.#fail(error),
      )
      this.#followTopics()
      this.#openedAt = clock.now()
      this.#refreshAt = clock.now() + refreshDelay(this.#refreshes++, true)
      this.#look.set(clock.now() + LOOK_EVERY_MS)
    } catch (error) {
      this.#fail(error)
    }
  }

  async #close(): Promise<void> {
    this.#look.set(undefined)
    const swarm = this.#swarm
    ;[this.#swarm, this.#dht, this.#sessions, this.#isReady] = [undefined, undefined, new Map(), false]
    for (const connection of [...this.#talks.keys(), ...this.#carriers]) connection.destroy()
    if (swarm === undefined) return
    const ended = swarm.destroy().catch(() => {})
    await within(LEAVE_MS_MAX, ended)
    await within(
      CLOSE_MS_MAX,
      swarm.destroy({ force: true }).catch(() => {}),
    )
  }

  #fail(error: unknown): void {
    this.#failure = messageOf(error)
    this.options.logger.log('error', 'swarm-failed', { why: this.#failure })
  }

  /** hyperswarm itself asks anew after ten minutes: too late for a node that began in the same moment as the others. */
  #watch(): void {
    const now = this.options.clock.now()
    if ((this.#swarm?.peers.size ?? 0) > KNOWN_MAX) return void this.#reopen()
    if (now - this.#openedAt >= READY_MS_MAX) this.#isReady = true
    this.#tell()
    this.#followTopics()
    if (now >= this.#refreshAt) this.#refresh(now)
    this.#look.set(now + LOOK_EVERY_MS)
  }

  /** A key that is new to the cluster brings a topic, one that was removed takes it along. */
  #followTopics(): void {
    const { topics, logger } = this.options
    const wanted = new Map(topics().map((topic) => [toHex(topic), topic]))
    const onerror = (error: Error) => logger.log('debug', 'swarm-search-failed', { why: messageOf(error) })
    for (const [topic, session] of this.#sessions) {
      if (wanted.has(topic)) continue
      this.#sessions.delete(topic)
      session.destroy().catch(onerror)
    }
    for (const [name, topic] of wanted) {
      if (this.#swarm === undefined || this.#sessions.has(name)) continue
      this.#sessions.set(name, this.#swarm.join(topic, { server: true, client: true, onerror }))
    }
  }

  /** Both announcements: a bootstrap node that was started anew knows neither, and hyperdht believes for five minutes that it does. */
  #refresh(now: Millis): void {
    this.#swarm?.server.refresh()
    for (const session of this.#sessions.values()) session.refresh().catch(() => {})
    this.#refreshAt = now + refreshDelay(this.#refreshes++, onlineWord(this.report()) === 'online')
  }

  async #reopen(): Promise<void> {
    this.options.logger.log('warn', 'swarm-crowded', { known: this.#swarm?.peers.size ?? 0 })
    await this.#close()
    if (!this.#isStopped) await this.#open()
  }

  /** Once for each change. */
  #tell(): void {
    const report = this.report()
    const word = onlineWord(report)
    if (word === this.#told || word === 'starting') return
    const isBack = this.#told === 'no-bootstrap' && word === 'online'
    // Where others are found that were not there: as at the start.
    if (isBack) [this.#refreshes, this.#refreshAt] = [0, this.options.clock.now()]
    this.#told = word
    const { nodes, bootstrap } = report
    const at = bootstrap.length === 0 ? 'the public network' : bootstrap.join(', ')
    if (word === 'online') this.options.logger.log('info', 'swarm-online', { bootstrap: at, nodes })
    else
      this.options.logger.log('warn', 'swarm-no-bootstrap', { bootstrap: at, without: 'other ways of discovery go on' })
  }

  #isFull(): boolean {
    if (this.#talks.size + this.#carriers.size < PEERS_MAX) return false
    this.#counts.refused++
    return true
  }

  #onConnection(connection: SwarmConnection, peer: SwarmPeer): void {
    connection.on('error', () => {})
    const unproven = [...this.#talks.values()].filter(({ isProven }) => !isProven).length
    if (this.#isStopped || unproven >= UNPROVEN_MAX || this.#isFull()) return connection.destroy()
    const { clock, proofs, self, isLinked } = this.options
    const { isInitiator, handshakeHash } = connection
    const machine = new SwarmTalk({
      isInitiator,
      proofs: proofs(handshakeHash, isInitiator),
      self: self(),
      isProven: (theirs) => areProven(theirs, proofs(handshakeHash, !isInitiator)),
      isLinked,
    })
    const hear = (bytes: Uint8Array) => driver.feed({ type: 'heard', bytes })
    const talk: Talk = {
      isProven: false,
      driver: new Driver(machine, clock, (effect) => this.#perform(effect, connection, peer, hear)),
    }
    const { driver } = talk
    this.#talks.set(connection, talk)
    this.#measure(connection, talk, peer)
    connection.on('data', hear)
    connection.on('close', () => {
      driver.stop()
      this.#talks.delete(connection)
      this.#carriers.delete(connection)
    })
    driver.feed({ type: 'start' })
  }

  /** Below what hyperswarm makes of it. */
  #measure(connection: SwarmConnection, talk: Talk, peer: SwarmPeer): void {
    const { rawStream } = connection
    let bytes = 0
    const count = (chunk: Uint8Array) => {
      bytes += chunk.byteLength
      if (talk.isProven) rawStream?.removeListener('data', count)
      else if (bytes > UNPROVEN_BYTES_MAX) {
        rawStream?.removeListener('data', count)
        this.#end('unproven', connection, peer)
      }
    }
    rawStream?.on('data', count)
  }

  #perform(effect: SwarmTalkEffect, connection: SwarmConnection, peer: SwarmPeer, hear: (bytes: Uint8Array) => void) {
    const { logger, onCarrier } = this.options
    const remote = remoteOf(connection)
    const talk = this.#talks.get(connection)
    switch (effect.type) {
      case 'send':
        connection.write(effect.bytes)
        return
      case 'met': {
        if (talk !== undefined) talk.isProven = true
        const { node, gossip } = effect.peer
        const isNew = !this.#met.has(node)
        if (isNew && this.#met.size < KNOWN_MAX) this.#met.add(node)
        if (isNew) logger.log('info', 'swarm-met', { node, gossip: formatEndpoint(gossip), by: formatEndpoint(remote) })
        return this.#found(gossip)
      }
      case 'carry': {
        const { node, boot } = effect.peer
        connection.removeListener('data', hear)
        this.#talks.delete(connection)
        this.#carriers.add(connection)
        return onCarrier({ connection, isInitiator: connection.isInitiator, node, boot, remote })
      }
      case 'end':
        this.#end(effect.why, connection, peer)
    }
  }

  /** Who has no key of ours is not asked again. */
  #end(why: string, connection: SwarmConnection, peer: SwarmPeer): void {
    if (why === 'unproven' || why === 'malformed') this.#counts.strangers++
    // Not who speaks as a later release may.
    if (why === 'unproven') peer.ban(true)
    this.options.logger.log('debug', 'swarm-stranger', { remote: formatEndpoint(remoteOf(connection)), why })
    connection.destroy()
  }
}

/** In a time that depends on their number alone. */
function areProven(theirs: readonly Uint8Array[], expected: readonly Uint8Array[]): boolean {
  let isProven = false
  for (const one of theirs) {
    for (const other of expected) {
      if (one.byteLength === other.byteLength && timingSafeEqual(one, other)) isProven = true
    }
  }
  return isProven
}

function remoteOf({ rawStream }: SwarmConnection): Endpoint {
  return { address: canonicalIp(rawStream?.remoteHost ?? '') ?? '0.0.0.0', port: rawStream?.remotePort ?? 0 }
}

function within(ms: Millis, done: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  return Promise.race([done, late]).finally(() => clearTimeout(timer))
}
