/** What a lane tells of connections that programs make under the address of a service. */

export interface DoorReport {
  readonly service: string
  readonly port: number
  /** Why nobody can ask there; empty: one can. */
  readonly why: string
  /** How many lanes take programs there. */
  readonly lanes: number
  /** A program in this cgroup need not ask; or why that cannot be had. */
  readonly cgroup: string
  readonly whyNot: string
  /** The same of the ports of `outAlias`. */
  readonly whyNoAlias: string
}

/** Connections that a director has made under the address of its service, and source ports that they take. */
export interface OutwardReport {
  readonly connections: number
  /** Begun, and not standing yet. */
  readonly dialling: number
  /** Ports for each destination, at most; 0: not counted. */
  readonly limit: number
  /** The destination with the fewest ports left, as far as this lane knows. */
  readonly fullest?: { readonly to: string; readonly ports: number }
}
