/** Which engine carries connections on this host, with how many lanes, and why. */
import os from 'node:os'
import { BatonError } from '../base/errors.js'
import { loadEpoll } from '../kernel/epoll-endpoint.io.js'
import type { EngineName } from '../proxy/lane-protocol.js'
import type { EngineChoice } from './config-schema.js'

export interface Engine {
  readonly name: EngineName
  readonly lanes: number
  /** In words, for logs and `status`. */
  readonly why: string
  /** Ends the wait of a lane that sits in the kernel; does nothing on the portable engine. */
  readonly wake: (fd: number) => void
}

/** Throws ERR_ENGINE where what was asked for by name cannot be had. `lanes` undefined: as many as cores. */
export function chooseEngine(wanted: EngineChoice, lanes: number | undefined): Engine {
  const epoll = wanted === 'net' ? { why: 'asked for by name' } : loadEpoll()
  if (!('why' in epoll)) {
    const why = wanted === 'epoll' ? 'asked for by name' : 'system calls can be made here, and are the fastest'
    return { name: 'epoll', lanes: lanes ?? os.availableParallelism(), why, wake: (fd) => epoll.wake(fd) }
  }
  if (wanted === 'epoll') {
    const hint = '--engine auto takes what there is, --engine net works everywhere'
    throw new BatonError('ERR_ENGINE', `the epoll engine cannot be used here: ${epoll.why}`, { hint })
  }
  if (lanes !== undefined && lanes > 1) {
    const hint = `without --lanes, or with --engine epoll; it was not chosen: ${epoll.why}`
    throw new BatonError('ERR_ENGINE', `the portable engine has one lane, not ${lanes}`, { hint })
  }
  return { name: 'net', lanes: 1, why: epoll.why, wake: () => {} }
}
