/**
 * How answers to a connection that seems to come from a client's address find back to this host (ip-rule(8), ip-route(8)). Both ends are
 * here, and the program's end would send to the client itself. So our end marks what it sends (SO_MARK); with `tcp_fwmark_accept` the
 * program's socket has the mark of the SYN that began it; and what has the mark is for this host, whatever its address:
 *
 *     ip rule add fwmark 0xb7 lookup 47728 pref 7
 *     ip route add local default dev lo table 47728
 *
 * Connections that reach the same program directly have no mark, and are routed as ever.
 */
import { ByteWriter } from '../base/bytes.js'
import { AF_INET, AF_INET6 } from './constants.js'
import { putAttribute, u32Attribute } from './netlink/message.js'

/** The whole mark is compared: programs that use single bits of marks, as most do, do not use this one. */
export const CLIENT_MARK = 0xb7
/** Free for anybody above 255; of the name of this program, 0xba70. */
export const SOURCE_TABLE = 0xba70
/** After the kernel's own table of local addresses (0), before any rule that people write. */
const RULE_PREFERENCE = 7

export const RTM_NEWRULE = 32
export const RTM_DELRULE = 33
const FR_ACT_TO_TBL = 1
const FRA_PRIORITY = 6
const FRA_FWMARK = 10
const FRA_TABLE = 15
const FRA_FWMASK = 16
const RTA_OIF = 4
const RTA_TABLE = 15
const RTPROT_STATIC = 4
const RT_SCOPE_HOST = 254
const RTN_LOCAL = 2
/** In every network namespace (LOOPBACK_IFINDEX, include/net/net_namespace.h). */
const LOOPBACK_INDEX = 1

export const FAMILIES = [AF_INET, AF_INET6] as const
export type Family = (typeof FAMILIES)[number]

/** `struct fib_rule_hdr`. */
export function ruleRequest(family: Family): Uint8Array {
  const out = new ByteWriter(64).u8(family).u8(0).u8(0).u8(0).u8(0).u8(0).u8(0).u8(FR_ACT_TO_TBL).u32(0)
  putAttribute(out, FRA_PRIORITY, u32Attribute(RULE_PREFERENCE))
  putAttribute(out, FRA_FWMARK, u32Attribute(CLIENT_MARK))
  putAttribute(out, FRA_FWMASK, u32Attribute(0xffff_ffff))
  return putAttribute(out, FRA_TABLE, u32Attribute(SOURCE_TABLE)).finish()
}

/** `struct rtmsg`. */
export function everythingIsHere(family: Family): Uint8Array {
  const out = new ByteWriter(64).u8(family).u8(0).u8(0).u8(0)
  out.u8(0).u8(RTPROT_STATIC).u8(RT_SCOPE_HOST).u8(RTN_LOCAL).u32(0)
  putAttribute(out, RTA_TABLE, u32Attribute(SOURCE_TABLE))
  return putAttribute(out, RTA_OIF, u32Attribute(LOOPBACK_INDEX)).finish()
}
