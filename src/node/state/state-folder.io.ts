/** Which folder a node and its commands share. Apart from state-dir, so that a command need not load the keys' library. */
import os from 'node:os'
import path from 'node:path'

export interface StatePaths {
  readonly folder: string
  readonly clusterKey: string
  readonly keyring: string
  readonly nodeKey: string
  readonly node: string
  readonly boot: string
  readonly electorate: string
  readonly votes: string
  readonly registry: string
  readonly members: string
  readonly control: string
  readonly audit: string
  readonly lock: string
}

/** `$BATON_STATE`; else /var/lib/baton for root, and `$XDG_STATE_HOME/baton` or ~/.local/state/baton for others. */
export function defaultStateFolder(environment = process.env, uid = process.getuid?.(), home = os.homedir()): string {
  const { BATON_STATE: chosen = '', XDG_STATE_HOME: stateHome = '' } = environment
  if (chosen !== '') return path.resolve(chosen)
  if (uid === 0) return '/var/lib/baton'
  // The XDG specification tells readers to ignore a relative path.
  return path.join(path.isAbsolute(stateHome) ? stateHome : path.join(home, '.local', 'state'), 'baton')
}

export function statePaths(folder: string): StatePaths {
  const at = (name: string) => path.join(folder, name)
  return {
    folder,
    clusterKey: at('cluster.key'),
    keyring: at('keyring.json'),
    nodeKey: at('node.key'),
    node: at('node.json'),
    boot: at('boot'),
    electorate: at('electorate.log'),
    votes: at('votes'),
    registry: at('registry.json'),
    members: at('members.json'),
    control: at('control.sock'),
    audit: at('audit.log'),
    lock: at('lock'),
  }
}
