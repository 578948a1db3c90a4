/** ARP over Ethernet for IPv4 (RFC 826), probes and announcements as RFC 5227 has them. */
import type { Heard, Mac, Said } from '../../address/ports.js'
import { formatIp, parseIp } from '../../base/address.js'
import { ByteReader, ByteWriter } from '../../base/bytes.js'
import { BROADCAST, ETH_P_ARP, ETHERNET_BYTES, macBytes, macText, putEthernet } from './ethernet.js'

const HTYPE_ETHERNET = 1
const PTYPE_IPV4 = 0x0800
const REQUEST = 1
const REPLY = 2
const ARP_BYTES = 28
const NOBODY = '0.0.0.0'
const NO_MAC: Mac = '00:00:00:00:00:00'

/** One announcement is a request and a reply: hosts differ in which of the two they learn from. */
export function encodeArp(mac: Mac, said: Said): Uint8Array[] {
  const { address } = said
  if (said.kind === 'probe') return [frame(BROADCAST, mac, REQUEST, { ip: NOBODY, mac }, { ip: address, mac: NO_MAC })]
  if (said.kind === 'answer') {
    return [frame(said.to, mac, REPLY, { ip: address, mac }, { ip: said.asker, mac: said.to })]
  }
  return [
    frame(BROADCAST, mac, REQUEST, { ip: address, mac }, { ip: address, mac: NO_MAC }),
    // Linux learns from a reply to all only where it is addressed to its sender.
    frame(BROADCAST, mac, REPLY, { ip: address, mac }, { ip: address, mac }),
  ]
}

/** Total. A question may be a claim, too: whoever asks says where it is itself. */
export function decodeArp(bytes: Uint8Array): Heard[] {
  const r = new ByteReader(bytes.subarray(ETHERNET_BYTES))
  const [hardware, protocol, sizes, operation] = [r.u16be(), r.u16be(), r.u16be(), r.u16be()]
  const [senderMac, sender, , target] = [r.take(6), r.take(4), r.take(6), r.take(4)]
  if (r.failed || hardware !== HTYPE_ETHERNET || protocol !== PTYPE_IPV4 || sizes !== 0x0604) return []
  const [mac, from, to] = [macText(senderMac), formatIp(sender), formatIp(target)]
  const heard: Heard[] = from === NOBODY ? [] : [{ kind: 'claim', address: from, mac }]
  if (operation === REQUEST && to !== from) heard.push({ kind: 'question', address: to, mac, asker: from })
  return heard
}

interface Party {
  readonly ip: string
  readonly mac: Mac
}

function frame(to: Mac, from: Mac, operation: number, sender: Party, target: Party): Uint8Array {
  const out = putEthernet(new ByteWriter(ETHERNET_BYTES + ARP_BYTES), to, from, ETH_P_ARP)
  out.u16be(HTYPE_ETHERNET).u16be(PTYPE_IPV4).u16be(0x0604).u16be(operation)
  for (const { mac, ip } of [sender, target]) out.put(macBytes(mac)).put(parseIp(ip) ?? new Uint8Array(4))
  return out.finish()
}
