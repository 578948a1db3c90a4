/** Which `bin/baton.js` nodes of a lab run. */
import { fileURLToPath } from 'node:url'

/** Of this release. */
export const BATON = fileURLToPath(new URL('../../bin/baton.js', import.meta.url))

/** Names an environment variable: `NODE=FILE,NODE=FILE`, for nodes of other releases; the others run this one. */
export const LAB_PROGRAMS = 'BATON_LAB_PROGRAMS'

export function programFromOutside(): (name: string) => string {
  const pairs = (process.env[LAB_PROGRAMS] ?? '').split(',').map((pair) => pair.split('='))
  const files = new Map(pairs.map(([name = '', file = '']) => [name, file]))
  return (name) => files.get(name) || BATON
}
