/** What `baton up --token` does before the node starts: makes its folder, or gives a node that missed a rotation the new key. */
import fs from 'node:fs'
import os from 'node:os'
import { formatEndpoint, isLoopback } from '../../base/address.js'
import { BatonError } from '../../base/errors.js'
import { realClock } from '../../base/real-clock.io.js'
import { replaceFile } from '../../base/state-file.io.js'
import { formatClusterKey } from '../../trunk/cluster-key.js'
import { formatToken, type JoinToken } from '../../trunk/join-token.js'
import { clusterKeyId } from '../../trunk/keys.io.js'
import { checkNodeName, nodeNameOf, PORT_DEFAULTS } from '../config-schema.js'
import { chosenAddress } from '../discovery/own-address.io.js'
import { createState, loadClusterKeys, type NodeState, openState } from '../state/state-dir.io.js'
import { statePaths } from '../state/state-folder.io.js'
import { lockState } from '../state/state-lock.io.js'
import { RING_KEYS_MAX } from './key-ring.js'
import { openRing } from './key-store.io.js'

/** Of a cluster that was just founded, for the other hosts: with the address that this host will most likely have. `bootstraps`: HOST:PORT. */
export function firstToken(
  { clusterKeys: [key = new Uint8Array(0)] }: Pick<NodeState, 'clusterKeys'>,
  bootstraps: readonly string[],
): string {
  const { address } = chosenAddress()
  const seeds = isLoopback(address) ? [] : [formatEndpoint({ address, port: PORT_DEFAULTS.gossip })]
  return formatToken({ key, origin: clusterKeyId(key), seeds, bootstraps })
}

export type Joined = { readonly made: string } | 'given-key' | 'known'

/**
 * `made`: there was no folder, and now there is one that joins, under that name. `given-key`: a node that did not have this key has it now, as
 * the current one. Throws ERR_TOKEN_CONFLICT where the folder is of another cluster, and what `createState` and `openState` throw.
 */
export function join(folder: string, token: JoinToken, name = nodeNameOf(os.hostname())): Joined {
  const paths = statePaths(folder)
  if (!fs.existsSync(paths.node)) {
    const problem = checkNodeName(name)
    if (problem !== undefined) throw new BatonError('ERR_USAGE', problem)
    createState(folder, { name, clusterKeys: [token.key] })
    return { made: name }
  }
  const state = openState(folder)
  const keys = loadClusterKeys(paths.clusterKey)
  const id = clusterKeyId(token.key)
  if (keys.some((key) => clusterKeyId(key) === id)) return 'known'
  // Not under a process that runs there: it would write its own ring over this.
  const lock = lockState(paths.lock)
  try {
    const { origin } = openRing(state, realClock(undefined))
    if (token.origin === '' || token.origin !== origin) throw otherCluster(folder, token)
    const all = [token.key, ...keys].slice(0, RING_KEYS_MAX)
    replaceFile(paths.clusterKey, all.map((key) => `${formatClusterKey(key)}\n`).join(''))
    return 'given-key'
  } finally {
    lock.release()
  }
}

function otherCluster(folder: string, { origin }: JoinToken): BatonError {
  const message =
    origin === ''
      ? `${folder} has other keys, and a bare cluster key does not say whether it is of the same cluster`
      : `${folder} belongs to a node of another cluster than the token`
  const hint =
    origin === ''
      ? 'give it a token: `baton keys token` on a node of its cluster'
      : 'make another node: --state DIR; or take the token of its own cluster: `baton keys token` there'
  return new BatonError('ERR_TOKEN_CONFLICT', message, { hint })
}
