/** The keyring on disk: `keyring.json`, and `cluster.key` as people and earlier releases read it. */
import type { Clock } from '../../base/clock.js'
import { replaceFile } from '../../base/state-file.io.js'
import { Registry } from '../../gossip/registry.js'
import { loadRegistry, saveRegistry } from '../../gossip/registry-file.io.js'
import { formatClusterKey } from '../../trunk/cluster-key.js'
import { clusterKeyId } from '../../trunk/keys.io.js'
import { loadClusterKeys, type NodeState } from '../state/state-dir.io.js'
import type { StatePaths } from '../state/state-folder.io.js'
import { KeyRing, RING_LIMITS } from './key-ring.js'

const FORMAT = 'baton-keyring'

/** Throws the errors of `openState` and of `loadStateFile`. */
export function openRing({ id, paths }: Pick<NodeState, 'id' | 'paths'>, clock: Pick<Clock, 'wall'>): KeyRing {
  const registry = new Registry(id, RING_LIMITS)
  registry.merge(loadRegistry(paths.keyring, FORMAT), clock.wall())
  return new KeyRing(registry, clusterKeyId, loadClusterKeys(paths.clusterKey))
}

/**
 * Durable when it returns. Throws ERR_STATE_UNWRITABLE. The text comes first: it says what is current until the others have
 * been heard, and a key that all hold is a better guess than one that may be on its way out.
 */
export function saveRing(paths: StatePaths, ring: KeyRing): void {
  replaceFile(paths.clusterKey, ring.keys.map(({ key }) => `${formatClusterKey(key)}\n`).join(''))
  saveRegistry(paths.keyring, ring.registry.state(), FORMAT)
}
