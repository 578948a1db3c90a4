import type { NodeId } from '../../base/ids.js'

/** A node as views name it. */
export interface NodeRef {
  readonly id: NodeId
  readonly name: string
}

export interface TermView {
  readonly number: number
  readonly holder: NodeRef
}
