/** Which engine carries connections on this host, with how many lanes, and why. */
import os from 'node:os'
import { BatonError } from '../../base/errors.js'
import { loadEpoll } from '../../kernel/epoll-endpoint.io.js'
import type { EngineName } from '../../proxy/lane-protocol.js'
import { type CheckedOptions, checkNodeOptions, LANES_MAX, type NodeOptions } from '../config-schema.js'

export interface Engine {
  readonly name: EngineName
  readonly lanes: number
  /** In words, for logs and `status`. */
  readonly why: string
  /** Ends the wait of a lane that sits in the kernel; does nothing on the portable engine. */
  readonly wake: (fd: number) => void
}

/**
 * Throws ERR_ENGINE where what was asked for by name cannot be had, and ERR_USAGE where so many lanes have no room for
 * their ports. Without `lanes` there are as many as cores, up to LANES_MAX: only here is it known how many that are.
 */
export function chooseEngine(
  options: Pick<NodeOptions, 'engine'> & CheckedOptions,
  cores = os.availableParallelism(),
): Engine {
  const engine = engineFor(options, cores)
  const problems = checkNodeOptions({ ...options, lanes: engine.lanes })
  const hint = `${engine.lanes} lanes listen on as many ports: choose fewer with --lanes, or others with --data-port`
  if (problems.length > 0) throw new BatonError('ERR_USAGE', problems.join('\n'), { hint })
  return engine
}

function engineFor({ engine: wanted, lanes }: Pick<NodeOptions, 'engine' | 'lanes'>, cores: number): Engine {
  const epoll = wanted === 'net' ? { why: 'asked for by name' } : loadEpoll()
  if (!('why' in epoll)) {
    const why = wanted === 'epoll' ? 'asked for by name' : 'system calls can be made here, and are the fastest'
    return { name: 'epoll', lanes: lanes ?? Math.min(LANES_MAX, cores), why, wake: (fd) => epoll.wake(fd) }
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
