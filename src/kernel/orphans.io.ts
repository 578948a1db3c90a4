import { isIpv6 } from '../base/address.js'
import { AF_INET, AF_INET6, ENOENT } from './constants.js'
import { errorName, type Lacking } from './control-calls.io.js'
import { Conversation } from './netlink/conversation.io.js'
import { NLM_F_ACK, NLM_F_DUMP } from './netlink/message.js'
import { decodeOrphan, encodeDestruction, encodeEndingQuery, type Orphan } from './orphan.js'

const NETLINK_SOCK_DIAG = 4
const SOCK_DIAG_BY_FAMILY = 20
const SOCK_DESTROY = 21

/**
 * Ends what is left in this kernel of connections of an address whose process is dead. The kernel says RST where it can: so before
 * the address is here, and while what it sends over IPv6 is dropped. Needs CAP_NET_ADMIN, and a kernel with
 * INET_DIAG_DESTROY. Answers how many there were.
 */
export function buryOrphans(address: string): number | Lacking {
  const conversation = Conversation.open(NETLINK_SOCK_DIAG)
  if ('why' in conversation) return conversation
  try {
    return bury(conversation, address)
  } finally {
    conversation.close()
  }
}

function bury(conversation: Conversation, address: string): number | Lacking {
  const orphans: Orphan[] = []
  const query = encodeEndingQuery(isIpv6(address) ? AF_INET6 : AF_INET)
  const asked = conversation.exchange(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, query, (type, _flags, payload) => {
    const orphan = type === SOCK_DIAG_BY_FAMILY ? decodeOrphan(payload, address) : undefined
    if (orphan !== undefined) orphans.push(orphan)
  })
  if (asked < 0) return { why: `sock_diag says ${errorName(asked)}` }
  for (const orphan of orphans) {
    const result = conversation.exchange(SOCK_DESTROY, NLM_F_ACK, encodeDestruction(orphan), () => {})
    // One that has come to its end meanwhile is well.
    if (result < 0 && result !== -ENOENT) return { why: `the kernel does not end connections: ${errorName(result)}` }
  }
  return orphans.length
}
