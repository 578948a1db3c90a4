/** Channel numbers of a control link. A number is never used again for something else; unknown ones are ignored. */
export const CHANNEL = {
  /** The link's own: keepalive and goodbye. Not for others. */
  link: 0,
  /** SWIM packets that must not be lost: full state, both ways. */
  gossip: 1,
  /** Services and listeners. */
  sync: 2,
  election: 3,
  /** Offers of data links: data-link-offer. */
  trunk: 4,
  /** Reserved for the control messages of splices. */
  proxy: 5,
  /** Reserved for moves and takeovers. */
  handoff: 6,
  /** What an operator's command on one node asks of another: node/errand. */
  operator: 7,
  /** The keyring of the cluster, as sync: node/keys/key-sharing. */
  keys: 8,
} as const
