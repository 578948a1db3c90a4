import dgram from 'node:dgram'
import os from 'node:os'
import makeMdns, { type MulticastDNS } from 'multicast-dns'
import type { Endpoint } from '../../base/address.js'
import { backoffDelay } from '../../base/backoff.js'
import type { Alarm, AlarmClock } from '../../base/clock.js'
import { errnoOf, messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/log.js'
import type { Prng } from '../../base/prng.js'
import type { Millis } from '../../base/time.js'
import { answersOf, asksFor, candidatesIn, mayConcern, questionDelay, questionOf } from './mdns.js'
import type { PeerSource } from './peer-source.js'

/** Interfaces come and go. */
const LOOK_EVERY_MS: Millis = 2_000
const RETRY = { firstMs: 2_000, maxMs: 60_000 }
/** All nodes of a LAN hear one answer: more in so short a time tell nothing new (RFC 6762, 6). */
const ANSWER_EVERY_MS: Millis = 250
/** Of all interfaces together; whoever floods the LAN must not flood gossip. */
const CANDIDATES_PER_SECOND = 100
/** Taken apart, of all interfaces together: the worst of a frame's length costs 1.4 ms, and leases are renewed on this thread. */
const DATAGRAMS_PER_SECOND = 100

export interface MdnsOptions {
  /** Of the cluster, 16 hex digits for each of its keys: who has missed a rotation asks by a key that is still in the ring. */
  readonly tags: () => readonly string[]
  /** Of this node. */
  readonly instance: string
  /** Where this node answers gossip. */
  readonly at: Endpoint
  readonly clock: AlarmClock
  readonly random: Prng
  readonly logger: Logger
}

interface Ear {
  readonly mdns: MulticastDNS
  answeredAt: Millis
}

/**
 * Multicast DNS, one instance for each interface: in any other form multicast-dns speaks on one of them only, and says
 * nothing of it. Beside other programs on port 5353 (avahi, systemd-resolved), which share it.
 */
export class MdnsSource implements PeerSource {
  readonly name = 'mdns'
  /** By address of the interface. */
  readonly #ears = new Map<string, Ear>()
  readonly #failures = new Map<string, { inARow: number; notBefore: Millis }>()
  readonly #question: Alarm
  readonly #look: Alarm
  #asked = 0
  #second = 0
  #given = 0
  #taken = 0
  #found: (candidate: Endpoint) => void = () => {}

  constructor(private readonly options: MdnsOptions) {
    const { clock } = options
    this.#question = clock.alarm(() => this.#ask())
    this.#look = clock.alarm(() => this.#follow())
  }

  start(found: (candidate: Endpoint) => void): void {
    this.#found = found
    this.#look.set(this.options.clock.now())
  }

  async stop(): Promise<void> {
    this.#found = () => {}
    for (const alarm of [this.#question, this.#look]) alarm.set(undefined)
    await Promise.all([...this.#ears.keys()].map((address) => this.#close(address)))
  }

  /** One instance for each interface that is there now. */
  #follow(): void {
    const { clock } = this.options
    const here = multicastAddresses()
    for (const address of this.#ears.keys()) if (!here.includes(address)) void this.#close(address)
    let isNew = false
    for (const address of here) {
      if (this.#ears.has(address) || clock.now() < (this.#failures.get(address)?.notBefore ?? 0)) continue
      this.#open(address)
      isNew = true
    }
    // Whoever is on it has not been asked yet.
    if (isNew) {
      this.#asked = 0
      this.#question.set(clock.now() + questionDelay(0, this.options.random))
    }
    this.#look.set(clock.now() + LOOK_EVERY_MS)
  }

  #open(address: string): void {
    try {
      const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true })
      const mdns = makeMdns({ socket, interface: address, bind: '0.0.0.0', loopback: true })
      this.#guard(socket)
      const ear: Ear = { mdns, answeredAt: Number.NEGATIVE_INFINITY }
      this.#ears.set(address, ear)
      mdns.on('error', (error: Error) => this.#failed(address, error))
      mdns.on('warning', () => {})
      mdns.on('query', ({ questions }) => this.#answer(ear, questions))
      mdns.on('response', ({ answers, additionals }) => {
        this.#hear([...listOf(answers), ...listOf(additionals)])
      })
      mdns.on('ready', () => this.#failures.delete(address))
    } catch (error) {
      this.#failed(address, error)
    }
  }

  /** What the library hears is looked at first: it takes apart whatever comes, however long and however often. */
  #guard(socket: dgram.Socket): void {
    const listeners = socket.listeners('message')
    socket.removeAllListeners('message')
    socket.on('message', (datagram, from) => {
      const concerns = this.options.tags().some((tag) => mayConcern(datagram, tag))
      if (!concerns || !this.#takes()) return
      for (const listener of listeners) listener.call(socket, datagram, from)
    })
  }

  #failed(address: string, error: unknown): void {
    const { clock, random, logger } = this.options
    const before = this.#failures.get(address)?.inARow ?? 0
    const retryMs = backoffDelay(before, RETRY, random)
    this.#failures.set(address, { inARow: before + 1, notBefore: clock.now() + retryMs })
    void this.#close(address)
    const why = errnoOf(error) || messageOf(error)
    const level = before === 0 ? 'warn' : 'debug'
    logger.log(level, 'mdns-failed', { interface: address, why, retryMs: Math.round(retryMs) })
  }

  #close(address: string): Promise<void> {
    const ear = this.#ears.get(address)
    this.#ears.delete(address)
    return new Promise((resolve) => (ear === undefined ? resolve() : ear.mdns.destroy(() => resolve())))
  }

  #ask(): void {
    const { tags, clock, random } = this.options
    for (const ear of this.#ears.values()) {
      // The others hear of a newcomer at once, and it of them.
      if (this.#asked === 0) this.#say(ear)
      ear.mdns.query({ questions: tags().map(questionOf) })
    }
    this.#question.set(clock.now() + questionDelay(++this.#asked, random))
  }

  #answer(ear: Ear, questions: unknown): void {
    if (!this.options.tags().some((tag) => asksFor(questions, tag))) return
    const now = this.options.clock.now()
    if (now - ear.answeredAt < ANSWER_EVERY_MS) return
    ear.answeredAt = now
    this.#say(ear)
  }

  #say(ear: Ear): void {
    const { tags, instance, at } = this.options
    // Each in an answer of its own: a node speaks for itself alone, and is heard by the length of what it says.
    for (const tag of tags()) ear.mdns.respond({ answers: answersOf(tag, instance, at) as never })
  }

  #takes(): boolean {
    const second = Math.floor(this.options.clock.now() / 1_000)
    if (second !== this.#second) [this.#given, this.#taken] = [0, 0]
    this.#second = second
    return this.#taken++ < DATAGRAMS_PER_SECOND
  }

  #hear(records: unknown): void {
    const { tags, instance } = this.options
    for (const candidate of tags().flatMap((tag) => candidatesIn(records, tag, instance))) {
      if (this.#given++ < CANDIDATES_PER_SECOND) this.#found(candidate)
    }
  }
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** An IPv4 address of each interface that is up, but for the loopback one. */
function multicastAddresses(): string[] {
  return Object.values(os.networkInterfaces()).flatMap((addresses) => {
    const usable = addresses?.find(({ family, internal, netmask }) => {
      // A single address is that of a device of ours, or of a point-to-point link.
      return family === 'IPv4' && !internal && netmask !== '255.255.255.255'
    })
    return usable === undefined ? [] : [usable.address]
  })
}
