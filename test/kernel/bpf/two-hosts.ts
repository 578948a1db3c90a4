/** A server and a client on one network; the server also has a service address of each family. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type Host, Lan } from '../../../src/lab/hosts.io.js'
import type { Scope } from '../../harness/suite.js'
import { Agent } from './agent-client.js'

export const IP4 = '10.77.9.9'
export const IP6 = 'fd77::99'
export const NEEDS = { needs: ['ip', 'unshare', 'nsenter', 'setpriv'] }

export interface TwoHosts {
  readonly serverHost: Host
  readonly clientHost: Host
  readonly server: Agent
  readonly client: Agent
}

export async function twoHosts(scope: Scope): Promise<TwoHosts> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-bpf-'))
  const plans = ['server', 'client'].map((name, i) => ({ name, number: i + 1 }))
  const lan = await Lan.make(plans, folder)
  scope.defer(async () => {
    await lan.remove()
    rmSync(folder, { recursive: true, force: true })
  })
  const [serverHost, clientHost] = [lan.named('server'), lan.named('client')]
  await serverHost.namespace.ip(`addr add ${IP4}/32 dev eth0`, `addr add ${IP6}/128 dev eth0 nodad`)
  const [server, client] = [agentOn(scope, serverHost), agentOn(scope, clientHost)]
  return { serverHost, clientHost, server, client }
}

export function agentOn(scope: Scope, host: Host): Agent {
  const agent = new Agent(host)
  scope.defer(() => agent.end())
  return agent
}
