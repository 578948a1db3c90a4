/**
 * How a node asks the director of a service to connect to somewhere under the service's address (docs/outward.md). DIAL names the
 * wish; the answer is an OPEN with the same number, by which the splice begins as any other, or UNDIALLED. Both are frames of the
 * link itself (handle 0), for peers whose HELLO has FEATURE_DIAL.
 */
import type { Endpoint } from '../base/address.js'
import type { ByteReader, ByteWriter } from '../base/bytes.js'
import { REASONS, type Reason, reasonOf } from './reasons.js'
import { FIELD, Fields, putEndpoint, putName } from './splice-fields.js'

/** A bit of HELLO's features: DIAL is understood. */
export const FEATURE_DIAL = 1

export interface DialFrame {
  readonly kind: 'dial'
  readonly handle: number
  /** The asking lane's own, for this one wish; never 0. */
  readonly call: number
  readonly service: string
  readonly destination: Endpoint
}

export interface UndialledFrame {
  readonly kind: 'undialled'
  readonly handle: number
  readonly call: number
  /** `not-here`: ask again, there or elsewhere. */
  readonly reason: Reason
  readonly detail: string
}

const DETAIL_CHARACTERS_MAX = 200
const DETAIL_BYTES_MAX = 1_024

export function putDial(out: ByteWriter, { call, service, destination }: DialFrame): void {
  out.u32(call)
  putName(out, FIELD.service, service)
  putEndpoint(out, FIELD.destination, destination)
}

export function readDial(handle: number, r: ByteReader): DialFrame {
  const call = r.u32()
  const f = new Fields(r)
  return { kind: 'dial', handle, call, service: f.name(FIELD.service), destination: f.endpoint(FIELD.destination) }
}

export function putUndialled(out: ByteWriter, { call, reason, detail }: UndialledFrame): void {
  out.u32(call).u8(REASONS[reason]).text(detail.slice(0, DETAIL_CHARACTERS_MAX))
}

export function readUndialled(handle: number, r: ByteReader): UndialledFrame {
  return { kind: 'undialled', handle, call: r.u32(), reason: reasonOf(r.u8()), detail: r.text(DETAIL_BYTES_MAX) }
}
