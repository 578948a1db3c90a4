import type { ProgramSite } from './site.js'

/** What is done to the director under its clients. When it returns, the service is directed again. */
export interface Fault {
  readonly name: string
  strike(site: ProgramSite): Promise<void>
}

export const KILL: Fault = {
  name: 'SIGKILL of the director',
  strike: async (site) => {
    const former = await site.director()
    await site.cluster.kill(former)
    await site.succeeded(former)
  },
}

export const MOVE: Fault = {
  name: 'baton move',
  // Not to the programs' own host: the fault that comes next would end them.
  strike: async (site) => {
    const former = await site.director()
    const to = site.cluster.nodes.find((node) => node !== former && node.name !== site.at.server.name)
    await site.cluster.baton(former, 'move', 'all', '--to', to?.name ?? '')
    await site.succeeded(former)
  },
}

export const POWER_OFF: Fault = {
  name: 'power off',
  strike: async (site) => {
    const former = await site.director()
    await site.host(former).powerOff()
    await site.succeeded(former)
  },
}

export const CABLE_OUT: Fault = {
  name: 'cable out',
  strike: async (site) => {
    const former = await site.director()
    await site.host(former).cableOut()
    await site.succeeded(former)
  },
}

/** As an upgrade does it: the same node directs afterwards. */
export const OWN_RESTART: Fault = {
  name: 'own restart of the director',
  strike: async (site) => site.cluster.replace(await site.director()),
}

/** Of the node whose programs are served. */
export const SERVER_RESTART: Fault = {
  name: 'own restart of the programs’ node',
  strike: async (site) => site.cluster.replace(site.cluster.named(site.at.server.name)),
}

export const FAULTS: readonly Fault[] = [KILL, MOVE, OWN_RESTART, SERVER_RESTART]
