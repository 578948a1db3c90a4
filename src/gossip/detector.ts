/**
 * The failure detector (SWIM, section 3.1 and 4.3; local health after Lifeguard, section IV-A): one member after another
 * is probed, directly, then by every other way; one that answers on none is accused. It also runs the errands of others.
 * Which accusations become verdicts is `View`'s.
 */
import type { Endpoint } from '../base/address.js'
import { unreachable } from '../base/assert.js'
import type { NodeId } from '../base/ids.js'
import type { Prng } from '../base/prng.js'
import type { Millis } from '../base/time.js'
import { Awareness, failedProbePoints } from './awareness.js'
import { encodeMessage } from './codec.js'
import type { GossipConfig } from './config.js'
import type { Courier } from './courier.js'
import { type Identity, identityOf } from './messages.js'
import { type Probe, Prober } from './probe.js'
import type { Links } from './push-pull.js'
import { sample } from './sample.js'
import type { View } from './view.js'
import type { Ways } from './ways.js'

export class Detector {
  readonly awareness: Awareness
  readonly prober: Prober

  constructor(
    private readonly view: View,
    private readonly courier: Courier,
    private readonly links: Links,
    private readonly ways: Ways,
    private readonly config: GossipConfig,
    private readonly random: Prng,
  ) {
    this.awareness = new Awareness(config.awarenessMax)
    this.prober = new Prober(random.u32())
  }

  /** The next of the round; returns when the one after it is due. */
  probeNext(now: Millis): Millis {
    const node = this.view.order.next()
    if (node !== undefined) this.probe(node, now)
    return now + this.awareness.scale(this.config.probeIntervalMs)
  }

  probe(node: NodeId, now: Millis): void {
    const member = this.view.table.get(node)
    if (member === undefined || this.prober.isProbing(identityOf(member))) return
    const probe = this.prober.begin(identityOf(member), {
      deadline: now + this.awareness.scale(this.config.probeTimeoutMs),
      failsAt: now + this.awareness.scale(this.config.probeDeadlineMs),
    })
    this.ways.asked(node, probe.seq)
    this.courier.pingMember(member, probe.seq)
  }

  expire(now: Millis): void {
    for (const step of this.prober.expire(now)) {
      switch (step.type) {
        case 'ask-helpers':
          this.#askHelpers(step.probe)
          break
        case 'failed':
          this.#fail(step.probe, now)
          break
        case 'nack':
          this.courier.send(step.errand.asker, [encodeMessage({ kind: 'nack', seq: step.errand.askerSeq })])
          break
        default:
          unreachable(step)
      }
    }
  }

  runErrand(target: Identity, at: Endpoint, asker: Endpoint, askerSeq: number, now: Millis): void {
    const errand = this.prober.run({ target, asker, askerSeq, deadline: now + this.config.probeTimeoutMs })
    if (errand !== undefined) this.courier.pingFor(target, at, errand.seq)
  }

  acceptAck(seq: number, subject: Identity): void {
    const answered = this.prober.ack(seq, subject)
    if (answered === undefined) return
    if (!('asker' in answered)) return this.awareness.lower()
    this.courier.send(answered.asker, [encodeMessage({ kind: 'ack', seq: answered.askerSeq, subject })])
  }

  /** We were not listening for `ms`: that is held against nobody but ourselves. */
  excuse(ms: Millis, now: Millis): void {
    this.awareness.raise(1 + Math.floor(ms / this.config.probeDeadlineMs))
    this.prober.excuse(ms, this.config.probeTimeoutMs, now)
    this.view.suspicions.excuse(ms)
  }

  /** Every way that is left at once: helpers, the control link, and once more directly (one datagram may be lost). */
  #askHelpers({ seq, target }: Probe): void {
    const member = this.view.table.get(target.node)
    if (member === undefined) return
    this.ways.missed(target.node)
    const able = this.view.table.peers().filter(({ profile: { node }, state }) => {
      // Of one that hears no datagrams no nack comes, and that would be held against ourselves.
      return state === 'alive' && node !== target.node && this.ways.hearsDatagrams(node)
    })
    const helpers = sample(able, this.config.indirectProbes, this.random)
    this.prober.askedHelpers(seq, helpers.length)
    const request = encodeMessage({ kind: 'ping-req', seq, target, at: member.profile.gossip })
    for (const helper of helpers) this.courier.send(helper.profile.gossip, [request])
    if (this.links.has(target.node)) this.courier.stream(target.node, [encodeMessage({ kind: 'ping', seq, target })])
    this.courier.pingMember(member, seq)
  }

  #fail({ target, helpersAsked, nacksHeard }: Probe, now: Millis): void {
    this.awareness.raise(failedProbePoints(helpersAsked, nacksHeard))
    this.view.accuse(target, now)
    // The suspect is told at once, because its time to refute is short.
    const member = this.view.table.get(target.node)
    if (member?.state === 'suspect') this.courier.pingMember(member, 0)
  }
}
