/**
 * What a node keeps on disk, one folder each:
 *
 *   cluster.key     the keys of the cluster as text, the current one first, one a line; 0600
 *   keyring.json    the same with when each was added, and what was removed: key-ring; 0600
 *   node.key        the node's Ed25519 key; 0600
 *   node.json       name, id, and whether this node founds the electorate; written last, so it marks a folder as whole
 *   boot            how often the node was started
 *   electorate.log, votes, registry.json, members.json      of election, registry and gossip
 *   audit.log, audit.log.1                                  what was done by commands: audit
 *   control.sock, control-read.sock, lock                   of the running process
 */
import fs from 'node:fs'
import path from 'node:path'
import { fromHex, toHex } from '../../base/bytes.js'
import { BatonError, errnoOf, messageOf } from '../../base/errors.js'
import type { NodeId } from '../../base/ids.js'
import { loadStateFile, saveStateFile, stateDamaged } from '../../base/state-file.io.js'
import { formatClusterKey, parseClusterKey } from '../../trunk/cluster-key.js'
import { type NodeKeyPair, newClusterKey, nodeIdOf, nodeKeyPair } from '../../trunk/keys.io.js'
import { RING_KEYS_MAX } from '../keys/key-ring.js'
import { type StatePaths, statePaths } from './state-folder.io.js'

/** What stays the same over all starts of a node. */
export interface NodeState {
  readonly paths: StatePaths
  readonly id: NodeId
  readonly name: string
  /** This node founds epoch 1 of the electorate at its first start; a joined one never does. */
  readonly founded: boolean
  readonly keyPair: NodeKeyPair
  /** The current key first; 1 to `RING_KEYS_MAX`. */
  readonly clusterKeys: readonly Uint8Array[]
}

export interface NewState {
  readonly name: string
  /** Without keys a new cluster is founded. */
  readonly clusterKeys?: readonly Uint8Array[]
}

const BOOT_MAX = 2 ** 32 - 1
const FORMAT = { node: 'baton-node', nodeKey: 'baton-node-key', boot: 'baton-boot' } as const
const VERSION = 1
const SEED_HEX = 64
const IDENTITY_HINT =
  'restore it from a copy; without it this folder is of no use: make a new node with `baton init` and another --state DIR'

/** Makes the folder of a new node. Throws ERR_STATE_EXISTS, ERR_STATE_UNWRITABLE. */
export function createState(folder: string, { name, clusterKeys }: NewState): NodeState {
  const paths = statePaths(folder)
  refuseUsedFolder(paths)
  const founded = clusterKeys === undefined
  const keys = clusterKeys ?? [newClusterKey()]
  const keyPair = nodeKeyPair()
  const id = nodeIdOf(keyPair.publicKey)
  makeFolder(folder)
  writeSecret(paths.clusterKey, keys.map((key) => `${formatClusterKey(key)}\n`).join(''))
  saveStateFile(paths.nodeKey, FORMAT.nodeKey, VERSION, {
    seed: toHex(keyPair.secretKey.subarray(0, SEED_HEX / 2)),
    publicKey: toHex(keyPair.publicKey),
  })
  saveStateFile(paths.node, FORMAT.node, VERSION, { name, id, founded })
  return { paths, id, name, founded, keyPair, clusterKeys: keys }
}

/** Reads and checks all that `init` wrote. Throws ERR_STATE_MISSING, ERR_STATE_DAMAGED, ERR_KEY_EXPOSED and the like. */
export function openState(folder: string): NodeState {
  const paths = statePaths(folder)
  const node = loadNode(paths)
  refuseOpenFolder(folder)
  const keyPair = loadNodeKey(paths.nodeKey)
  const id = nodeIdOf(keyPair.publicKey)
  if (id !== node.id)
    throw identityLost(stateDamaged(paths.nodeKey, `it is the key of node ${id}, and ${paths.node} says ${node.id}`))
  return { paths, ...node, keyPair, clusterKeys: loadClusterKeys(paths.clusterKey) }
}

/**
 * Counts this start and says the count, from 1; durable when it returns. A node whose count is lost must not start: it
 * would use the nonces of its datagrams again, and its peers refuse a boot that they have seen. Throws ERR_STATE_DAMAGED.
 */
export function nextBoot(paths: StatePaths): number {
  const before = bootBefore(paths)
  if (before === undefined || !Number.isInteger(before) || before < 0 || before >= BOOT_MAX) {
    const hint = `make a new node: move ${paths.folder} away and run \`baton init\` with the cluster key`
    throw new BatonError('ERR_STATE_DAMAGED', `${paths.boot} does not say how often this node has started`, { hint })
  }
  const boot = before + 1
  saveStateFile(paths.boot, FORMAT.boot, VERSION, { boot })
  return boot
}

/** 0 for a node that has never run; `undefined`: it has, and the count is lost. */
function bootBefore(paths: StatePaths): number | undefined {
  try {
    const body = loadStateFile(paths.boot, FORMAT.boot, VERSION)?.body
    if (body === undefined) return fs.existsSync(paths.votes) ? undefined : 0
    const { boot } = (body ?? {}) as { boot?: unknown }
    return typeof boot === 'number' ? boot : undefined
  } catch (error) {
    if (error instanceof BatonError && error.code === 'ERR_STATE_DAMAGED') return undefined
    throw error
  }
}

/** One key a line. The text never appears in an error: it may be almost right. */
export function parseClusterKeys(text: string, source: string): Uint8Array[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const hint = 'copy the line that `baton init` printed, or the file cluster.key of a node of the cluster'
  if (lines.length === 0) throw new BatonError('ERR_CLUSTER_KEY_INVALID', `no cluster key in ${source}`, { hint })
  if (lines.length > RING_KEYS_MAX) {
    const message = `${lines.length} lines in ${source}, at most ${RING_KEYS_MAX} cluster keys are read`
    throw new BatonError('ERR_CLUSTER_KEY_INVALID', message, { hint })
  }
  if (lines[0]?.trim().toLowerCase().startsWith('baton-token-')) {
    const message = `what is in ${source} is a token, and no cluster key`
    throw new BatonError('ERR_CLUSTER_KEY_INVALID', message, {
      hint: 'give it to `baton up --token -`, which needs no init',
    })
  }
  return lines.map((line) => {
    const parsed = parseClusterKey(line)
    if (parsed.type === 'key') return parsed.key
    throw new BatonError('ERR_CLUSTER_KEY_INVALID', `the cluster key in ${source} is not valid: ${parsed.why}`, {
      hint,
    })
  })
}

function refuseUsedFolder(paths: StatePaths): void {
  const { folder } = paths
  const used = [paths.node, paths.clusterKey, paths.nodeKey].find((file) => fs.existsSync(file))
  if (used === undefined) return
  if (used === paths.node) {
    const { name, id } = loadNode(paths)
    throw new BatonError('ERR_STATE_EXISTS', `${folder} already belongs to node ${name} (${id})`, {
      hint: `start it with \`baton up\`, use another --state DIR, or remove it to make a new node: rm -r ${folder}`,
    })
  }
  throw new BatonError('ERR_STATE_EXISTS', `${folder} holds part of a node: ${used} is there, ${paths.node} is not`, {
    hint: `an earlier init was cut off: remove ${paths.clusterKey} and ${paths.nodeKey}, then try again`,
  })
}

function makeFolder(folder: string): void {
  try {
    makeFolders(folder)
    fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK)
  } catch (cause) {
    throw new BatonError('ERR_STATE_UNWRITABLE', `cannot write the state folder ${folder}: ${messageOf(cause)}`, {
      hint: 'run as its owner, or choose a folder of your own with --state DIR or BATON_STATE',
      cause,
    })
  }
}

/** Step by step: node's recursive mkdir never returns where a parent exists and cannot hold folders, as in /proc. */
function makeFolders(folder: string): void {
  if (fs.existsSync(folder)) return
  makeFolders(path.dirname(folder))
  fs.mkdirSync(folder, { mode: 0o700 })
}

/** Who may write in the folder may put another key there, whatever the mode of the file. */
function refuseOpenFolder(folder: string): void {
  const mode = fs.statSync(folder).mode & 0o777
  if ((mode & 0o022) === 0) return
  throw new BatonError('ERR_STATE_EXPOSED', `others may write in ${folder} (mode ${mode.toString(8)})`, {
    hint: `chmod go-w ${folder}`,
  })
}

function writeSecret(file: string, text: string): void {
  try {
    const fd = fs.openSync(file, 'wx', 0o600)
    fs.writeFileSync(fd, text)
    fs.fsyncSync(fd)
    fs.closeSync(fd)
  } catch (cause) {
    throw new BatonError('ERR_STATE_UNWRITABLE', `cannot write ${file}: ${messageOf(cause)}`, {
      hint: `look at owner, mode and free space of ${path.dirname(file)}`,
      cause,
    })
  }
}

function loadNode({ node, folder }: StatePaths): Pick<NodeState, 'id' | 'name' | 'founded'> {
  const body = loadIdentity(node, FORMAT.node) as Partial<NodeState> | null | undefined
  if (body === undefined) {
    throw new BatonError('ERR_STATE_MISSING', `${folder} is no state folder: it has no ${path.basename(node)}`, {
      hint: `make it with \`baton init --state ${folder}\`, or name another with --state DIR`,
    })
  }
  const { id, name, founded } = body ?? {}
  if (typeof id !== 'string' || typeof name !== 'string' || typeof founded !== 'boolean') {
    throw identityLost(stateDamaged(node, 'name, id or founded is missing'))
  }
  return { id, name, founded }
}

/** A file without which the folder is no node: unlike others it cannot be moved away and done without. */
function loadIdentity(file: string, format: string): unknown {
  try {
    return loadStateFile(file, format, VERSION)?.body
  } catch (error) {
    throw error instanceof BatonError && error.code === 'ERR_STATE_DAMAGED' ? identityLost(error) : error
  }
}

function identityLost({ code, message, cause }: BatonError): BatonError {
  return new BatonError(code, message, { hint: IDENTITY_HINT, cause })
}

function loadNodeKey(file: string): NodeKeyPair {
  refuseReadable(file)
  const body = loadIdentity(file, FORMAT.nodeKey) as { seed?: unknown; publicKey?: unknown } | null
  const seed = body?.seed
  if (typeof seed !== 'string' || !/^[0-9a-f]+$/.test(seed) || seed.length !== SEED_HEX) {
    throw identityLost(stateDamaged(file, 'it holds no seed of 32 bytes in hex'))
  }
  const pair = nodeKeyPair(fromHex(seed))
  if (toHex(pair.publicKey) !== body?.publicKey)
    throw identityLost(stateDamaged(file, 'its public key does not belong to its seed'))
  return pair
}

/** The current one first. Throws as `openState` does. */
export function loadClusterKeys(file: string): Uint8Array[] {
  refuseReadable(file)
  return parseClusterKeys(readSecret(file), file)
}

/** Throws where the file is missing, or where others than its owner may read it. */
function refuseReadable(file: string): void {
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (stat === undefined) {
    throw new BatonError('ERR_STATE_MISSING', `${file} is missing`, {
      hint: IDENTITY_HINT,
    })
  }
  if ((stat.mode & 0o077) === 0) return
  const mode = (stat.mode & 0o777).toString(8)
  throw new BatonError('ERR_KEY_EXPOSED', `${file} can be read by others (mode ${mode})`, {
    hint: `chmod 600 ${file}, and think of who may have read it`,
  })
}

function readSecret(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (cause) {
    const hint = errnoOf(cause) === 'EACCES' ? 'run as the owner of the folder' : `look at ${file}`
    throw new BatonError('ERR_STATE_UNREADABLE', `cannot read ${file}: ${messageOf(cause)}`, { hint, cause })
  }
}
