/**
 * FFI. Where it cannot be loaded, whatever is asked of it throws why: all that use it look, once, when they bind their first
 * function, and answer with that.
 */
import type Koffi from 'koffi'
import { loadPart } from './parts.io.js'

const part = loadPart<typeof Koffi>('koffi')

/** '' where it is there. */
export const whyNoKoffi = 'why' in part ? part.why : ''

const koffi: typeof Koffi = 'why' in part ? lacking() : part.loaded

export default koffi

function lacking(): typeof Koffi {
  const get = (): never => {
    throw new Error(whyNoKoffi)
  }
  return new Proxy({}, { get }) as typeof Koffi
}
