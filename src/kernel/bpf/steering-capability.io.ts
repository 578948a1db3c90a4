/** Whether connections of programs can be led here, tried in a cgroup that is made for it and removed at once. */
import { mkdirSync, rmdirSync } from 'node:fs'
import path from 'node:path'
import { errnoOf, messageOf } from '../../base/errors.js'
import { Steering, type SteeringPlan } from './steering.io.js'
import type { SteeringCapability } from './steering-outcome.js'

/** Of the discard protocol: nothing is led anywhere. */
const PORT = 9
/** No connection has it. */
const NO_PORT = { first: 0, last: 0 }

/** `root`: where cgroups of version 2 are. */
export function steeringCapability(root: string): SteeringCapability {
  const folder = path.join(root, `baton-doctor-${process.pid}`)
  const only = { ports: [NO_PORT], networks: [{ net: undefined, ...NO_PORT }] }
  const outAlias = tried({ cgroup: root, family: 4, port: PORT, only })
  try {
    mkdirSync(folder)
  } catch (error) {
    // What the kernel would do in one it does at the root as well.
    return { cgroups: errnoOf(error) || messageOf(error), runAs: outAlias, outAlias }
  }
  const runAs = tried({ cgroup: folder, family: 4, port: PORT })
  rmdirSync(folder)
  return { cgroups: '', runAs, outAlias }
}

function tried(plan: SteeringPlan): string {
  const steering = Steering.open(plan)
  if ('why' in steering) return steering.why
  steering.close()
  return ''
}
