import { BatonError } from '../../base/errors.js'
import { type NodeId, shortId } from '../../base/ids.js'

/** So many characters of an id are enough to mean a node. */
const PREFIX_LENGTH_MIN = 8

/** Whom an operator means: by a name, or by the beginning of an id. Throws ERR_NODE_UNKNOWN. */
export function nodeNamed(text: string, known: readonly { readonly node: NodeId; readonly name: string }[]): NodeId {
  const found = known.filter(
    ({ name, node }) => name === text || (text.length >= PREFIX_LENGTH_MIN && node.startsWith(text)),
  )
  const [only] = found
  if (only !== undefined && found.length === 1) return only.node
  const names = known.map(({ name, node }) => `${name} (${shortId(node)})`).join(', ')
  const message = found.length === 0 ? `there is no node ${text}` : `${text} means ${found.length} nodes`
  throw new BatonError('ERR_NODE_UNKNOWN', message, { hint: `nodes are: ${names}; ids tell equal names apart` })
}
