/** Bodies of the control API about services of mode `single`: where one runs, and what orders to move it have done. */
import type { Millis } from '../../base/time.js'
import type { TenureState } from '../../hosting/tenure-rows.js'
import type { NodeRef } from './node-ref.js'

/** `node` is null, and the state `nowhere`, where no live node has it. */
export interface HostingView {
  readonly node: NodeRef | null
  readonly state: TenureState | 'nowhere'
  readonly term: number
  /** What it waits for, what its hooks have said. */
  readonly words: string
  /** Who might host it then, the best first. */
  readonly next: readonly NodeRef[]
}

/** After `POST /v1/services/:name/relocate`, whose body is a `MoveRequest`. */
export interface RelocateView {
  readonly service: string
  readonly from: NodeRef
  readonly to: NodeRef
  /** Until it ran there. */
  readonly ms: Millis
}

/** After `POST /v1/balance`. */
export interface BalanceView {
  readonly moved: readonly RelocateView[]
  readonly failed: readonly { readonly service: string; readonly why: string }[]
  /** How many stay where they are. */
  readonly placed: number
}

/** `POST /v1/drain/programs`. `node`: a name, or the beginning of an id; the asked node if missing. `service`: that one alone. */
export interface DrainProgramsRequest {
  readonly node?: string
  readonly service?: string
  readonly undo: boolean
  /** What still stands then is closed; missing: nothing is. */
  readonly afterMs?: Millis
  /** One connection after the other until then. */
  readonly gradual?: boolean
  /** Until the node is started anew. */
  readonly thisLife?: boolean
  /** Also where nobody else serves. */
  readonly force?: boolean
}

/** How far it has come; also the answer to `GET /v1/drain/programs?node=&service=`. */
export interface ProgramDrainView {
  readonly node: NodeRef
  /** `null`: all programs of the node. */
  readonly service: string | null
  /** `false`: it is undone, or was never said. */
  readonly drained: boolean
  readonly gradual: boolean
  /** Until the deadline; `null`: there is none. */
  readonly leftMs: Millis | null
  /** Connections that stand; `null`: its node does not answer. */
  readonly live: number | null
  /** Services of mode single that still run there. */
  readonly hosted: readonly string[]
}

/** After `POST /v1/stop`. */
export interface StoppingView {
  readonly node: NodeRef
  /** What it still directs, and gives to other nodes now. */
  readonly directs: readonly string[]
  readonly pid: number
}
