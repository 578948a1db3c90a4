import { FUNC_MAP_LOOKUP_ELEM } from './abi.js'
import { add, type Code, call, jumpIf, type Label, loadMap, move, R0, R1, R2, R10 } from './assembler.js'

/** R0 = where the value lies of the key at `key` on the stack, or on to `otherwise`. */
export function lookUp(map: number, key: number, otherwise: Label): Code {
  return [loadMap(R1, map), move(R2, R10), add(R2, key), call(FUNC_MAP_LOOKUP_ELEM), jumpIf(R0, 'eq', 0, otherwise)]
}
