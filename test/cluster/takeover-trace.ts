/** A packet trace as tcpdump prints it (-tt -e -n -S), read into what a person wants to know of each packet. */

export interface Packet {
  /** Milliseconds since the fault. */
  readonly at: number
  readonly kind: 'arp' | 'tcp'
  /** Link addresses. */
  readonly from: string
  readonly to: string
  readonly text: string
  readonly flags: string
  /** Of TCP, absolute; `end` is the number behind its last byte. */
  readonly seq: number | undefined
  readonly end: number | undefined
  readonly ack: number | undefined
  readonly bytes: number
  /** From the service's address. */
  readonly isReply: boolean
  readonly clientPort: number
}

const LINE = /^(\d+\.\d+) ([0-9a-f:]{17}) > ([0-9a-f:]{17}|Broadcast), ethertype (ARP|IPv4)[^,]*, length \d+: (.*)$/
const TCP = /^([\d.]+)\.(\d+) > ([\d.]+)\.(\d+): Flags \[([^\]]+)\], (.*)$/

export function readPacket(line: string, address: string, faultAt: number): Packet | undefined {
  const [, time, from, to, type, rest = ''] = LINE.exec(line) ?? []
  if (time === undefined || from === undefined || to === undefined) return undefined
  const at = Number(time) * 1_000 - faultAt
  const nothing = { flags: '', seq: undefined, end: undefined, ack: undefined, bytes: 0 }
  if (type === 'ARP') return { at, kind: 'arp', from, to, text: rest, ...nothing, isReply: false, clientPort: 0 }
  const [, source, sourcePort, , port, flags = '', tail = ''] = TCP.exec(rest) ?? []
  if (source === undefined) return undefined
  const isReply = source === address
  const [, first, second] = /seq (\d+)(?::(\d+))?/.exec(tail) ?? []
  const seq = first === undefined ? undefined : Number(first)
  return {
    at,
    kind: 'tcp',
    from,
    to,
    text: rest,
    flags,
    seq,
    end: second === undefined ? seq : Number(second),
    ack: numberAfter(tail, 'ack'),
    bytes: numberAfter(tail, 'length') ?? 0,
    isReply,
    clientPort: Number(isReply ? port : sourcePort),
  }
}

function numberAfter(text: string, word: string): number | undefined {
  const [, number] = new RegExp(`${word} (\\d+)`).exec(text) ?? []
  return number === undefined ? undefined : Number(number)
}
