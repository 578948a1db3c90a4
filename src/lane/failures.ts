/** Connections that programs refused, or reset before they had said anything: counted here, judged by the control plane. */
import type { NodeId } from '../base/ids.js'
import type { FromLane, NodeName } from '../proxy/lane-protocol.js'
import type { Reason } from '../proxy/reasons.js'
import type { Service } from '../proxy/service.js'

/** What speaks against a program, and not against its listener's news or the way to its node. */
const REFUSALS: ReadonlySet<Reason> = new Set(['connect-refused', 'connect-timeout', 'unreachable', 'exhausted'])

interface Row {
  readonly service: string
  readonly node: NodeId
  count: number
  what: string
}

type Asked = Pick<Service, 'name' | 'passiveLimit'>

export class Failures {
  readonly #rows = new Map<string, Row>()

  refused(service: Asked, { node }: NodeName, reason: Reason, detail: string): void {
    if (service.passiveLimit > 0 && REFUSALS.has(reason)) this.#add(service.name, node, detail || reason)
  }

  /** A connection that stood, before its program had said anything. */
  reset(service: Asked, { node }: NodeName): void {
    if (service.passiveLimit > 0) this.#add(service.name, node, 'reset before the first byte')
  }

  /** What has come since the last time. */
  tell(post: (message: FromLane) => void): void {
    if (this.#rows.size === 0) return
    for (const row of this.#rows.values()) post({ type: 'backend-failed', ...row })
    this.#rows.clear()
  }

  #add(service: string, node: NodeId, what: string): void {
    const key = `${service} ${node}`
    const row = this.#rows.get(key) ?? { service, node, count: 0, what }
    row.count++
    row.what = what
    this.#rows.set(key, row)
  }
}
