/** What is said to a process that another is to take the place of. */

/** Another process of this node, which listens on `socket` in the state folder: see handover-protocol. */
export interface ReplaceRequest {
  readonly version: number
  readonly socket: string
}

export interface ReplaceView {
  /** Of the process that is to be replaced. */
  readonly pid: number
}
