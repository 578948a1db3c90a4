/** A control server on a real socket in a folder of its own, with fixed answers: the far side of the command line. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { BatonError } from '../../src/base/errors.js'
import { silentLogger } from '../../src/base/log.js'
import type { ControlApi, ProgramDrainView, ServiceWrite } from '../../src/node/control/control-protocol.js'
import { startControlServer } from '../../src/node/control/control-server.io.js'
import type { ServiceSet } from '../../src/node/knowledge.js'
import { planServices } from '../../src/node/services/service-plan.js'
import { parseService } from '../../src/proxy/service-fields.js'
import type { Scope } from '../harness/suite.js'
import { audited, fakeKeys } from './fake-keys.js'
import { definition, drillPlan, drillReport, healthy, splices, web, why } from './views.js'

/** The services that are there: `web`. */
function existing(): ServiceSet {
  const parsed = parseService({ ...definition })
  if (parsed.type === 'problems') throw new Error('the example is a good service')
  return { active: [parsed.service], shadowed: [], unreadable: [] }
}

export interface FakeNode {
  readonly folder: string
  readonly socket: string
  readonly asked: unknown[]
}

export function fakeApi(asked: unknown[] = []): ControlApi {
  const known = (name: string) => {
    if (name === 'web') return web
    throw new BatonError('ERR_SERVICE_UNKNOWN', `there is no service ${name}`, { hint: 'services are: web' })
  }
  return {
    keys: fakeKeys(asked),
    audit: async () => audited,
    status: async () => healthy,
    services: async () => [web],
    service: async (name) => known(name),
    writeService: async (name: string, write: ServiceWrite) => {
      asked.push({ name, write })
      if (write.mode === 'create' && name === 'web') {
        throw new BatonError('ERR_SERVICE_EXISTS', 'there is a service web already', {
          hint: 'baton service set web …',
        })
      }
      return { service: { ...definition, name }, notes: ['no node listens on port 8080 yet'] }
    },
    importServices: async (request) => {
      asked.push(request)
      const { changes, problems } = planServices(request.services, existing(), request.prune)
      return { changes, problems, applied: problems.length === 0 && !request.dryRun }
    },
    removeService: async (name) => void known(name),
    assign: async (name, node, write) => {
      known(name)
      asked.push({ name, node, write })
      const assignment = {
        id: node,
        name: node,
        serve: true,
        direct: false,
        priority: 1,
        weight: 3,
        routerPriority: null,
      }
      return { service: name, assignment, notes: ['a note'] }
    },
    splices: async (filter) => {
      asked.push(filter)
      return splices
    },
    why: async (name) => {
      known(name)
      return why
    },
    reload: async () => ({ ...healthy, node: { ...healthy.node, replaced: { times: 1, agoMs: 0 } } }),
    replace: async () => ({ pid: 1 }),
    move: async (name, request) => {
      asked.push(request)
      const [from, to] = healthy.members
      if (from === undefined || to === undefined) throw new Error('two members')
      known(name)
      return { service: name, from, to, ms: 41.6 }
    },
    relocate: async (name, request) => {
      asked.push(request)
      const [from, to] = healthy.members
      if (from === undefined || to === undefined) throw new Error('two members')
      known(name)
      return { service: name, from, to, ms: 1_234 }
    },
    balance: async () => {
      const [from, to] = healthy.members
      if (from === undefined || to === undefined) throw new Error('two members')
      const moved = [{ service: 'db', from, to, ms: 900 }]
      return { moved, failed: [{ service: 'mail', why: 'node2 could not stop it' }], placed: 3 }
    },
    events: async () => ({ events: [] }),
    metrics: async () => 'baton_lanes 2\n',
    drillPlan: async (name, fault) => {
      known(name)
      return { ...drillPlan, fault }
    },
    drill: async (name, request) => {
      asked.push(request)
      known(name)
      return { ...drillReport, fault: request.fault }
    },
    drain: async (request) => {
      asked.push(request)
      const [node, to] = healthy.members
      if (node === undefined || to === undefined) throw new Error('two members')
      const moved = request.undo ? [] : [{ service: 'web', to }]
      return { node, drained: !request.undo, moved, still: [] }
    },
    drainPrograms: async (request) => {
      asked.push(request)
      return { ...drained(request.service), drained: !request.undo }
    },
    programDrain: async (_node, service) => {
      asked.push('look')
      const looks = asked.filter((one) => one === 'look').length
      return { ...drained(service), live: Math.max(0, 3 - looks) }
    },
    stop: async () => {
      asked.push('stop')
      return { node: drained(undefined).node, directs: ['web'], pid: 1 }
    },
    leave: async () => ({ gone: healthy.members.slice(0, 1), epoch: 4, voters: healthy.members.slice(1) }),
    forget: async (request) => {
      asked.push(request)
      return { gone: healthy.members.slice(2), epoch: 4, voters: healthy.members.slice(0, 2) }
    },
  }
}

function drained(service: string | undefined): ProgramDrainView {
  const [node] = healthy.members
  if (node === undefined) throw new Error('a member')
  return { node, service: service ?? null, drained: true, gradual: false, leftMs: null, live: 3, hosted: [] }
}

export function tempFolder(scope: Scope): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-cli-'))
  scope.defer(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export async function startFakeNode(scope: Scope, change: Partial<ControlApi> = {}): Promise<FakeNode> {
  const folder = tempFolder(scope)
  const socket = path.join(folder, 'control.sock')
  const asked: unknown[] = []
  const server = await startControlServer({
    path: socket,
    api: { ...fakeApi(asked), ...change },
    logger: silentLogger,
  })
  scope.defer(() => server.close())
  writeFileSync(path.join(folder, 'node.json'), '{}')
  return { folder, socket, asked }
}
