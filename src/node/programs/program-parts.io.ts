/** What a node checks and runs programs with. A witness has none. */
import type { Logger } from '../../base/log.js'
import type { NodeOptions } from '../config-schema.js'
import type { NodePorts } from '../node-ports.js'
import { SteeredPrograms } from '../outward/steered-programs.io.js'
import type { NodeState } from '../state/state-dir.io.js'
import { Guards } from './guards.io.js'
import { checkProgram } from './program-check.io.js'

/** What operators' programs are told of the node that calls them. */
export async function openPrograms(
  { witness, bind }: Pick<NodeOptions, 'witness' | 'bind'>,
  { id, name, paths }: Pick<NodeState, 'id' | 'name' | 'paths'>,
  logger: Logger,
): Promise<Pick<NodePorts, 'checkProgram' | 'guards' | 'steering'>> {
  if (witness) return {}
  const environment = { BATON_NODE: name, BATON_ADDRESS: bind }
  const guards = await Guards.open(paths.folder, environment, logger)
  const steering = new SteeredPrograms(id, logger)
  return { guards, steering, checkProgram: (check) => checkProgram(check, environment) }
}
