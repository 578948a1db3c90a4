/**
 * Bytes of election messages (docs/wire.md): `version u8 | kind u8 | body`. Kinds that we do not know are skipped, and so
 * are bytes behind the body, where a newer release may write more.
 */
import { unreachable } from '../base/assert.js'
import { ByteReader, ByteWriter } from '../base/bytes.js'
import { NODE_ID_BYTES, type Term } from '../base/ids.js'
import type { Ballot, Seats } from './durable-state.js'
import { type ElectionMessage, type LeaseClaim, VERDICTS } from './messages.js'

const VERSION = 1
const KINDS = {
  request: 1,
  answer: 2,
  release: 3,
  announce: 4,
  electorate: 5,
  prepare: 6,
  promise: 7,
  accept: 8,
  accepted: 9,
  renew: 10,
  'all-granted': 11,
  endorse: 12,
  still: 13,
  ended: 14,
  which: 15,
  forget: 16,
  memory: 17,
} as const

const SERVICE_BYTES_MAX = 128
/** Of one message; a holder of more services sends several. */
export const CLAIMS_MAX = 256
const VOTERS_MAX = 15
const NOBODY = '0'.repeat(2 * NODE_ID_BYTES)

export type DecodedElection =
  | { readonly type: 'message'; readonly message: ElectionMessage }
  | { readonly type: 'unknown' }
  | { readonly type: 'malformed' }

export function encodeElection(message: ElectionMessage): Uint8Array {
  const out = new ByteWriter(128).u8(VERSION).u8(KINDS[message.kind])
  switch (message.kind) {
    case 'request':
      putClaims(out.u32(message.epoch).u32(message.round).u32(message.leaseMs).u32(message.batch), message.claims)
      break
    case 'renew':
      out.u32(message.epoch).u32(message.round).u32(message.leaseMs).u32(message.batch)
      break
    case 'answer':
      out.u32(message.epoch).u32(message.round).u16(message.verdicts.length)
      for (const { service, number, verdict, highest, remainingMs } of message.verdicts) {
        putTerm(out.text(service).u64(number).u8(VERDICTS.indexOf(verdict)), highest).u32(Math.ceil(remainingMs))
      }
      break
    case 'all-granted':
      out.u32(message.epoch).u32(message.round)
      break
    case 'release':
    case 'ended':
      putClaims(out, message.claims)
      break
    case 'endorse':
      out.text(message.service).u64(message.number).hex(message.successor)
      break
    case 'announce':
      putClaims(out.u32(message.batch).u32(Math.ceil(message.validMs)), message.claims)
      break
    case 'still':
      out.u32(message.batch).u32(Math.ceil(message.validMs))
      break
    case 'which':
      out.u32(message.batch)
      break
    case 'forget':
      out.hex(message.node)
      break
    case 'memory':
      out.u32(message.number)
      break
    case 'electorate':
      putSeats(out.u32(message.electorate.epoch), message.electorate)
      break
    case 'prepare':
      putBallot(out.u32(message.epoch), message.ballot)
      break
    case 'promise':
      putBallot(putBallot(out.u32(message.epoch), message.ballot).u8(message.ok ? 1 : 0), message.promised)
      out.u8(message.accepted === undefined ? 0 : 1)
      if (message.accepted !== undefined) putSeats(putBallot(out, message.accepted.ballot), message.accepted.seats)
      break
    case 'accept':
      putSeats(putBallot(out.u32(message.epoch), message.ballot), message.seats)
      break
    case 'accepted':
      putBallot(putBallot(out.u32(message.epoch), message.ballot).u8(message.ok ? 1 : 0), message.promised)
      break
    default:
      unreachable(message)
  }
  return out.finish()
}

/** Total: every byte string has an answer. */
export function decodeElection(bytes: Uint8Array): DecodedElection {
  const r = new ByteReader(bytes)
  const version = r.u8()
  const kind = r.u8()
  if (r.failed || version !== VERSION) return { type: r.failed ? 'malformed' : 'unknown' }
  const message = readBody(kind, r)
  if (r.failed) return { type: 'malformed' }
  return message === undefined ? { type: 'unknown' } : { type: 'message', message }
}

function readBody(kind: number, r: ByteReader): ElectionMessage | undefined {
  switch (kind) {
    case KINDS.request: {
      const head = { epoch: r.u32(), round: r.u32(), leaseMs: r.u32(), batch: r.u32() }
      return { kind: 'request', ...head, claims: readClaims(r) }
    }
    case KINDS.renew:
      return { kind: 'renew', epoch: r.u32(), round: r.u32(), leaseMs: r.u32(), batch: r.u32() }
    case KINDS.answer:
      return { kind: 'answer', epoch: r.u32(), round: r.u32(), verdicts: readList(r, CLAIMS_MAX, readVerdict) }
    case KINDS['all-granted']:
      return { kind: 'all-granted', epoch: r.u32(), round: r.u32() }
    case KINDS.release:
      return { kind: 'release', claims: readClaims(r) }
    case KINDS.ended:
      return { kind: 'ended', claims: readClaims(r) }
    case KINDS.endorse:
      return { kind: 'endorse', service: r.text(SERVICE_BYTES_MAX), number: r.u64(), successor: r.hex(NODE_ID_BYTES) }
    case KINDS.announce: {
      const head = { batch: r.u32(), validMs: r.u32() }
      return { kind: 'announce', ...head, claims: readClaims(r) }
    }
    case KINDS.still:
      return { kind: 'still', batch: r.u32(), validMs: r.u32() }
    case KINDS.which:
      return { kind: 'which', batch: r.u32() }
    case KINDS.forget:
      return { kind: 'forget', node: r.hex(NODE_ID_BYTES) }
    case KINDS.memory:
      return { kind: 'memory', number: r.u32() }
    case KINDS.electorate: {
      const epoch = r.u32()
      return { kind: 'electorate', electorate: { epoch, ...readSeats(r) } }
    }
    case KINDS.prepare:
      return { kind: 'prepare', epoch: r.u32(), ballot: readBallot(r) }
    case KINDS.promise: {
      const head = { epoch: r.u32(), ballot: readBallot(r), ok: r.u8() === 1, promised: readBallot(r) }
      const accepted = r.u8() === 1 ? { ballot: readBallot(r), seats: readSeats(r) } : undefined
      return { kind: 'promise', ...head, accepted }
    }
    case KINDS.accept:
      return { kind: 'accept', epoch: r.u32(), ballot: readBallot(r), seats: readSeats(r) }
    case KINDS.accepted:
      return { kind: 'accepted', epoch: r.u32(), ballot: readBallot(r), ok: r.u8() === 1, promised: readBallot(r) }
    default:
      return undefined
  }
}

function readVerdict(r: ByteReader) {
  const [service, number, verdict] = [r.text(SERVICE_BYTES_MAX), r.u64(), VERDICTS[r.u8()]]
  const highest = readTerm(r)
  // A reason of a later release is a refusal all the same.
  return { service, number, verdict: verdict ?? ('not-voting' as const), highest, remainingMs: r.u32() }
}

function readList<T>(r: ByteReader, itemsMax: number, read: (r: ByteReader) => T): T[] {
  const count = r.u16()
  if (count > itemsMax) r.fail()
  const items: T[] = []
  for (let i = 0; i < count && !r.failed; i++) items.push(read(r))
  return items
}

function putClaims(out: ByteWriter, claims: readonly LeaseClaim[]): void {
  out.u16(claims.length)
  for (const { service, number, flags } of claims) out.text(service).u64(number).u8(flags)
}

function readClaims(r: ByteReader): LeaseClaim[] {
  return readList(r, CLAIMS_MAX, () => ({ service: r.text(SERVICE_BYTES_MAX), number: r.u64(), flags: r.u8() }))
}

function putTerm(out: ByteWriter, term: Term): ByteWriter {
  return out.u64(term.number).hex(term.holder === '' ? NOBODY : term.holder)
}

function readTerm(r: ByteReader): Term {
  return { number: r.u64(), holder: r.hex(NODE_ID_BYTES) }
}

function putBallot(out: ByteWriter, ballot: Ballot): ByteWriter {
  return out.u32(ballot.round).hex(ballot.node)
}

function readBallot(r: ByteReader): Ballot {
  return { round: r.u32(), node: r.hex(NODE_ID_BYTES) }
}

function putSeats(out: ByteWriter, { voters, memories }: Seats): void {
  out.u16(voters.length)
  for (const [i, voter] of voters.entries()) out.hex(voter).u32(memories[i] ?? 0)
}

function readSeats(r: ByteReader): Seats {
  const seats = readList(r, VOTERS_MAX, () => ({ voter: r.hex(NODE_ID_BYTES), memory: r.u32() }))
  if (seats.length === 0) r.fail()
  return { voters: seats.map(({ voter }) => voter), memories: seats.map(({ memory }) => memory) }
}
