/**
 * The thread that speaks with the LAN about addresses: asks, tells, answers, hears rivals. A thread of its own, so that an answer
 * waits for nobody; what it says of an address it says only within the lease, which it looks at itself.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { ADDRESS_CONFIG } from '../address/config.js'
import type { Interface } from '../address/ports.js'
import { Presence, type PresenceEffect, type PresenceEvent } from '../address/presence.js'
import { isIpv6 } from '../base/address.js'
import { assert } from '../base/assert.js'
import type { Clock } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import { Prng } from '../base/prng.js'
import { realClock } from '../base/real-clock.io.js'
import type { Millis } from '../base/time.js'
import { BEAT_EVERY_MS, Pulse } from '../kernel/bpf/pulse.io.js'
import { readInterfaces } from '../kernel/interfaces.io.js'
import { loadLibc } from '../kernel/libc.io.js'
import { PacketSocket } from '../kernel/neighbour/packet-socket.io.js'
import { Netlink } from '../kernel/netlink/netlink.io.js'
import { Poller } from '../kernel/poller.io.js'
import { loadSyscalls } from '../kernel/syscalls.io.js'
import { LeaseSlots } from '../proxy/lease-slots.js'
import type { FromWire, ToWire, WireSetup } from './wire-protocol.js'

/** A cable that is in again is noticed within this; a look costs a tenth of a millisecond. */
const LOOK_EVERY_MS: Millis = 100

class Wire {
  readonly #presence: Presence
  readonly #sockets = new Map<string, PacketSocket>()
  readonly #slots = new Map<string, number>()
  /** Addresses whose questions are listened for. */
  readonly #joined = new Set<string>()
  readonly #leases: LeaseSlots
  readonly #turns: Int32Array
  readonly poller: Poller
  #seen = ''
  #lookAt: Millis = 0
  #beatAt: Millis = Number.POSITIVE_INFINITY
  readonly #pulse: Pulse | undefined
  #running = true

  constructor(
    setup: WireSetup,
    private readonly clock: Clock,
    private readonly netlink: Netlink,
    private readonly post: (message: FromWire) => void,
  ) {
    const sys = loadSyscalls()
    assert(!('why' in sys), 'the control plane has looked whether system calls can be made')
    this.poller = new Poller(sys, clock, {
      onFault: (error) => this.#log('error', 'wire-fault', { why: messageOf(error) }),
    })
    this.#presence = new Presence(ADDRESS_CONFIG, new Prng(setup.seed))
    this.#leases = new LeaseSlots(setup.leases)
    this.#turns = new Int32Array(setup.turns)
    const pulse = setup.pulse === undefined ? undefined : Pulse.of(setup.pulse)
    if (pulse !== undefined && 'why' in pulse) this.#log('warn', 'no-pulse', { why: pulse.why })
    else this.#pulse = pulse
  }

  run(port: MessagePort): void {
    this.post({ type: 'awake', wakeFd: this.poller.wakeFd })
    while (this.#running) {
      Atomics.add(this.#turns, 0, 1)
      for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port)) {
        this.#receive((got as { readonly message: ToWire }).message)
      }
      const now = this.clock.now()
      this.#beat(now)
      if (now >= this.#lookAt) this.#look(now)
      this.#presence.tick(now)
      this.#drain()
      const deadline = Math.min(this.#lookAt, this.#beatAt, this.#presence.nextDeadline() ?? this.#lookAt)
      this.poller.turn(Math.max(0, Math.ceil(deadline - this.clock.now())))
      this.#drain()
    }
    for (const socket of this.#sockets.values()) this.#close(socket)
    this.netlink.close()
  }

  #receive(message: ToWire): void {
    if (message.type === 'stop') {
      this.#running = false
      return
    }
    // Asked at once about interfaces as they are.
    if (message.type !== 'drop') this.#look(this.clock.now())
    const { address } = message
    if (message.type === 'hold') this.#slots.set(address, message.slot)
    if (message.type === 'drop') this.#slots.delete(address)
    this.#listenFor(address, message.type !== 'drop')
    this.#feed(message)
  }

  /** This thread does little else, so it says of the process as a whole whether it runs. */
  #beat(now: Millis): void {
    if (this.#pulse === undefined) return
    if (this.#slots.size > 0) {
      this.#pulse.beat(now)
      this.#beatAt = now + BEAT_EVERY_MS
    } else if (this.#beatAt < Number.POSITIVE_INFINITY) {
      this.#pulse.rest()
      this.#beatAt = Number.POSITIVE_INFINITY
    }
  }

  /** A group is joined once, however often it is asked for. */
  #listenFor(address: string, isOn: boolean): void {
    if (this.#joined.has(address) === isOn) return
    if (isOn) this.#joined.add(address)
    else this.#joined.delete(address)
    for (const socket of this.#sockets.values()) socket.listenFor(address, isOn)
  }

  #feed(event: PresenceEvent): void {
    this.#presence.handle(event, this.clock.now())
    this.#drain()
  }

  #drain(): void {
    for (let effect = this.#presence.poll(); effect !== undefined; effect = this.#presence.poll()) this.#perform(effect)
  }

  #perform(effect: PresenceEffect): void {
    switch (effect.type) {
      case 'say': {
        const { address, kind } = effect.said
        // Whoever asks has no lease yet.
        if (kind !== 'probe' && !this.#isLeased(address)) return
        return this.#sockets.get(keyOf(effect.index, isIpv6(address) ? 6 : 4))?.say(effect.mac, effect.said)
      }
      case 'probed':
      case 'rival':
        return this.post(effect)
      case 'announced': {
        const { address, places, named } = effect
        if (places.length > 0) return this.#log('info', 'address-announced', { address, on: places.join(',') })
        const why =
          named.length > 0
            ? `no interface ${named.join(' or ')} is here with a cable in`
            : 'no interface has a subnet with it: whoever routes it here must know, or the service names an --interface'
        return this.#log('warn', 'address-not-announced', { address, why })
      }
    }
  }

  #isLeased(address: string): boolean {
    const slot = this.#slots.get(address)
    return slot !== undefined && this.#leases.isHeld(slot, this.clock.now())
  }

  #look(now: Millis): void {
    this.#lookAt = now + LOOK_EVERY_MS
    const interfaces = readInterfaces(this.netlink)
    if ('why' in interfaces) return this.#log('error', 'interfaces', { why: interfaces.why })
    const seen = JSON.stringify(interfaces)
    if (seen === this.#seen) return
    this.#seen = seen
    this.#follow(interfaces)
    this.#feed({ type: 'interfaces', interfaces })
  }

  /** A socket of a card that is gone never hears again; another card may get its number. */
  #follow(interfaces: readonly Interface[]): void {
    const wanted = new Map<string, readonly [index: number, family: 4 | 6]>()
    for (const { index, isUsable } of interfaces) {
      if (isUsable) for (const family of [4, 6] as const) wanted.set(keyOf(index, family), [index, family])
    }
    for (const [key, socket] of this.#sockets) {
      if (wanted.has(key)) continue
      this.#close(socket)
      this.#sockets.delete(key)
    }
    for (const [key, [index, family]] of wanted) if (!this.#sockets.has(key)) this.#open(key, index, family)
  }

  #close(socket: PacketSocket): void {
    socket.close((fd) => this.poller.close(fd))
  }

  #open(key: string, index: number, family: 4 | 6): void {
    const socket = PacketSocket.open(index, family, (on, heard) => {
      this.#presence.handle({ type: 'heard', index: on, heard }, this.clock.now())
      this.#drain()
    })
    if ('why' in socket) return this.#log('warn', 'no-packet-socket', { interface: index, why: socket.why })
    this.#sockets.set(key, socket)
    this.poller.add(socket.fd, socket.events, socket)
    for (const address of this.#joined) socket.listenFor(address, true)
  }

  #log(level: 'info' | 'warn' | 'error', event: string, fields: Readonly<Record<string, string | number>>): void {
    this.post({ type: 'log', level, event, fields })
  }
}

function keyOf(index: number, family: 4 | 6): string {
  return `${index} ${family}`
}

assert(parentPort !== null, 'the wire runs in a worker thread')
const port = parentPort
const libc = loadLibc()
const netlink = Netlink.open()
assert(!('why' in netlink), 'the control plane has looked whether there is netlink')
const clock = realClock('why' in libc ? undefined : libc.boottime)
new Wire(workerData as WireSetup, clock, netlink, (message) => port.postMessage(message)).run(port)
