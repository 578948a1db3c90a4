/** Of the control protocol: what a node does for a service, and how connections find their nodes. */
import type { PlacementReport } from '../../proxy/lane-report.js'
import type { NodeRef } from './node-ref.js'

/** What an operator has said of a node and a service, and the defaults of what nobody has. */
export interface AssignmentView extends NodeRef {
  readonly serve: boolean
  readonly direct: boolean
  /** Selection priority and weight. */
  readonly priority: number
  readonly weight: number
  /** For this service alone; `null`: the node's own. */
  readonly routerPriority: number | null
}

/** `PUT /v1/services/:name/nodes/:node`: fields as typed; those that are not named stay. */
export interface AssignmentWrite {
  readonly fields: Readonly<Record<string, string | number>>
  /** Also where no majority can hear of it. */
  readonly force?: boolean
}

export interface AssignmentWritten {
  readonly service: string
  readonly assignment: AssignmentView
  readonly notes: readonly string[]
}

/** What the choice among the backends is made of, beside each one's own. */
export interface ChoiceView {
  /** Nodes of which something was said that is not the ordinary. */
  readonly assignments: readonly AssignmentView[]
  /** Healthy nodes that get connections, and how many the service wants; missing where it wants none in particular. */
  readonly quorum?: { readonly quorate: boolean; readonly able: number; readonly wanted: number }
  /** Of the asked node, where it directs. */
  readonly placement?: PlacementReport
}

/** What it is about a backend that a choice looks at. */
export interface SeatView {
  /** `false`: it listens, and is not to serve. */
  readonly serves: boolean
  readonly priority: number
  readonly weight: number
  /** How much of its host is busy, in thousandths, as the node says. */
  readonly loadPermille?: number
}
