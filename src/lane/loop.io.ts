/**
 * What turns a lane: on the epoll engine a thread that does nothing but wait for sockets, on the portable one Node's own
 * event loop. Both hand messages in order, look at deadlines every `SWEEP_EVERY_MS`, and contain faults.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import type { Clock, HeldClock } from '../base/clock.js'
import type { Millis } from '../base/time.js'
import { REPAIR_PLANS } from '../handoff/repair-plans.js'
import type { EpollEngine } from '../kernel/epoll-endpoint.io.js'
import { NetSockets } from '../kernel/net-endpoint.io.js'
import type { DescriptorRecord } from '../kernel/recorded-syscalls.io.js'
import type { FromLane, ToLane } from '../proxy/lane-protocol.js'
import type { Sockets } from '../proxy/ports.js'
import type { Rebuilder } from './frozen-socket.js'
import { type HandOverMessage, handOver, Inheriting } from './handover.io.js'
import type { Lane } from './lane.js'
import { SocketRebuilder } from './rebuilder.js'

/** How often deadlines of seconds and the acknowledgement of the last bytes are looked at. */
const SWEEP_EVERY_MS: Millis = 100

/** After `stop`: goodbyes and resets that wait for the end of a turn still go out. */
const LAST_TURNS = 10
const LAST_TURN_MS: Millis = 5

/** What the lane is made with; it is made between this and `run`. */
export interface Loop {
  readonly sockets: Sockets
  /** To be asked for the time by all that the loop runs. */
  readonly clock: Clock
  /** Where client sockets can be read out and rebuilt. */
  readonly rebuilder?: Rebuilder | undefined
  soon(afterMs: Millis, task: () => void): void
  defer(task: () => void): void
  run(lane: Lane, port: MessagePort): void
}

/** One thread, one epoll set: returns when the lane was told to stop. */
export function epollLoop(engine: EpollEngine, clock: Clock, record?: DescriptorRecord): Loop {
  let lane: Lane | undefined
  // What the control plane has said before a client came holds for that client, though both are found in one turn.
  let hear: (() => Next) | undefined
  let next: Next = 'go-on'
  const onWake = () => {
    next = hear?.() ?? 'go-on'
    return next !== 'left'
  }
  const sockets = engine.make(
    clock,
    { onFault: (...fault) => lane?.onFault(...fault), onWake },
    { plans: REPAIR_PLANS, record },
  )
  const { poller, repair } = sockets
  return {
    sockets,
    rebuilder: repair === undefined ? undefined : new SocketRebuilder(sockets, repair, poller.clock),
    clock: poller.clock,
    soon: (afterMs, task) => poller.soon(afterMs, task),
    defer: (task) => poller.defer(task),
    run: (given, port) => {
      lane = given
      // Whoever posts a message signals there: this thread hears nothing else while it waits.
      port.postMessage({ type: 'awake', wakeFd: poller.wakeFd } satisfies FromLane)
      let sweepAt = clock.now()
      const inheritance = new Inheriting(given, port)
      hear = () => receiveAll(given, port, poller, inheritance)
      // Also where nobody has signalled: what came before anybody listened did not.
      for (next = hear(); next === 'go-on'; next = hear()) {
        poller.clock.hold()
        const now = poller.clock.now()
        if (now >= sweepAt) {
          contained(given, () => given.sweep(now))
          sweepAt = now + SWEEP_EVERY_MS
        }
        poller.turn(Math.ceil(sweepAt - now))
        if (next !== 'go-on') break
      }
      // Its sockets are another process's: not even a turn.
      if (next === 'left') return
      hear = undefined
      for (let turn = 0; turn < LAST_TURNS; turn++) poller.turn(LAST_TURN_MS)
    },
  }
}

/** Node's own event loop. */
export function netLoop(clock: Clock): Loop {
  let running: Lane | undefined
  return {
    sockets: new NetSockets((...fault) => running?.onFault(...fault)),
    clock,
    soon: (afterMs, task) => void setTimeout(task, afterMs).unref(),
    defer: (task) => setImmediate(task),
    run: (lane, port) => {
      running = lane
      process.on('uncaughtException', (error) => lane.onFault(error, -1))
      const sweep = setInterval(() => lane.sweep(clock.now()), SWEEP_EVERY_MS)
      port.on('message', (message: ToLane) => {
        contained(lane, () => lane.receive(message))
        if (message.type !== 'stop') return
        clearInterval(sweep)
        // Without a listener the port no longer keeps the thread alive: it ends when the last socket has.
        port.removeAllListeners('message')
        port.unref()
      })
    },
  }
}

/** `stop`: that was the last message; `left`: another process has all. */
type Next = 'go-on' | 'stop' | 'left'

function receiveAll(
  lane: Lane,
  port: MessagePort,
  poller: { readonly clock: HeldClock; finishTasks(): void },
  inheriting: Inheriting,
): Next {
  for (;;) {
    const received = receiveMessageOnPort(port) as { readonly message: ToLane | HandOverMessage } | undefined
    if (received === undefined) return 'go-on'
    const { message } = received
    poller.clock.hold()
    if (message.type === 'hand-over') {
      poller.finishTasks()
      if (handOver(lane, message) === 'taken') return 'left'
    } else if (!inheriting.hears(message)) contained(lane, () => lane.receive(message))
    if (message.type === 'stop') return 'stop'
  }
}

function contained(lane: Lane, act: () => void): void {
  try {
    act()
  } catch (error) {
    lane.onFault(error, -1)
  }
}
