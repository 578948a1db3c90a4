/** An epoll engine inside an ordinary Node process: its poller is turned between the turns of Node's own loop. */
import { realClock } from '../../src/base/real-clock.io.js'
import { REPAIR_PLANS } from '../../src/handoff/repair-plans.js'
import { type EpollEngine, type EpollSockets, loadEpoll } from '../../src/kernel/epoll-endpoint.io.js'
import type { PollerOwner } from '../../src/kernel/poller.io.js'
import type { Scope } from '../harness/suite.js'

export function engine(): EpollEngine {
  const loaded = loadEpoll()
  if ('why' in loaded) throw new Error(loaded.why)
  return loaded
}

/** Turned until the scope closes. What a handler throws fails the test. */
export function drivenSockets(scope: Scope, faults?: PollerOwner['onFault']): EpollSockets {
  const onFault = faults ?? ((error: unknown) => void Promise.reject(error))
  const sockets = engine().make(realClock(), { onFault }, { plans: REPAIR_PLANS })
  let next = setImmediate(turn)
  function turn(): void {
    // Waits a little, so that a test that waits costs no processor time.
    sockets.poller.turn(1)
    next = setImmediate(turn)
  }
  scope.defer(() => {
    clearImmediate(next)
    // What the clean-up before this put off, and what that puts off.
    for (let i = 0; i < 3; i++) sockets.poller.turn(0)
    sockets.poller.dispose()
  })
  return sockets
}
