/** What is said and heard of an address on a LAN, whatever the family: ARP for IPv4, neighbour discovery for IPv6. */

/** `aa:bb:cc:dd:ee:ff` */
export type Mac = string

export type Said =
  /** Is anybody there? Asked by somebody who does not have the address yet. */
  | { readonly kind: 'probe'; readonly address: string }
  /** It is here: to all. */
  | { readonly kind: 'announcement'; readonly address: string }
  /** It is here: to one who asked, as `to` with that address; an IPv6 asker without an address hears it with all others. */
  | { readonly kind: 'answer'; readonly address: string; readonly to: Mac; readonly asker: string }

export type Heard =
  /** Somebody says that the address is with `mac`. */
  | { readonly kind: 'claim'; readonly address: string; readonly mac: Mac }
  /** Somebody asks who has it. */
  | { readonly kind: 'question'; readonly address: string; readonly mac: Mac; readonly asker: string }

export interface Subnet {
  readonly address: string
  readonly prefix: number
  /** Of the host's own route to it; the lower is the one that the host takes. */
  readonly metric: number
}

export interface Interface {
  readonly index: number
  readonly name: string
  readonly mac: Mac
  /** Up, with a cable in, no part of a bridge or bond. */
  readonly isUsable: boolean
  readonly subnets: readonly Subnet[]
  /** The host does not answer ARP there for an address that another of its interfaces has (arp_ignore). */
  readonly ignoresArp: boolean
}

/** Who says that it has an address, and where it was heard. */
export interface Rival {
  readonly mac: Mac
  readonly interface: string
}
