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
