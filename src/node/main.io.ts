/** `baton up`: runs one node until a signal or a command, and stops it in order. */
import { comeFirst } from '../base/haste.io.js'
import type { NodeSettings } from './config-schema.js'
import { withBind } from './discovery/own-address.io.js'
import { endOnFault, endProcess, endWithin, stopSignal } from './lifecycle.io.js'
import { RunningNode } from './running-node.io.js'
import { EventTape } from './seeing/event-tape.js'
import { StreamLogger } from './seeing/logger.io.js'
import { openState } from './state/state-dir.io.js'
import { inheritLock, lockState } from './state/state-lock.io.js'
import { Heir } from './succession/heir.io.js'
import { Notify } from './succession/notify.io.js'
import { replaceOnSignal } from './succession/successor.io.js'

/** How long a stop may take in all; then the process ends as it is. */
const STOP_MS_MAX = 5_000

/** Resolves after an orderly stop by SIGTERM or SIGINT; rejects with a BatonError if the node cannot start. */
export async function runNode(settings: NodeSettings): Promise<void> {
  const wanted = withBind(settings)
  const logger = new EventTape(new StreamLogger(wanted.logFormat, wanted.logLevel), () => Date.now())
  const state = openState(wanted.stateDir)
  const heir = settings.replace === true ? await Heir.meet(state.paths) : undefined
  if (heir === undefined) comeFirst()
  const options = heir?.settle(wanted) ?? wanted
  let lock = heir === undefined ? lockState(state.paths.lock) : undefined
  heir?.watch((error) => endProcess(logger, error))
  endOnFault(logger)
  const notify = Notify.fromEnvironment()
  try {
    const node = await RunningNode.start(options, state, logger, notify, heir)
    lock ??= inheritLock(state.paths.lock)
    notify.ready(`up as ${state.name}`)
    if (notify.isAsked) replaceOnSignal(notify, logger, node.reload)
    const why = await Promise.race([stopSignal(), node.left])
    logger.log('info', 'stopping', { why })
    notify.stopping(why)
    await node.emptied()
    await endWithin(STOP_MS_MAX, logger, why, () => node.stop())
    logger.log('info', 'stopped', {})
  } finally {
    lock?.release()
  }
}
