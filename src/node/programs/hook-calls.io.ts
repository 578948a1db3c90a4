import { setImmediate } from 'node:timers/promises'
import { isIpv6 } from '../../base/address.js'
import type { Logger } from '../../base/log.js'
import type { Service } from '../../proxy/service.js'
import { runHook } from './hook.io.js'

/** Calls of operators' hooks, one after the other for an address: an `add` must not overtake the `remove` of the lease before it. */
export class HookCalls {
  /** By address: the last call that was begun, or waits. */
  readonly #last = new Map<string, Promise<unknown>>()

  constructor(private readonly logger: Logger) {}

  /** What went wrong, in words. */
  call(service: Service, what: 'add' | 'remove'): Promise<string | undefined> {
    const { address } = service
    const before = this.#last.get(address) ?? Promise.resolve()
    const call = before.then(() => this.#callNow(service, what))
    this.#last.set(address, call)
    return call.finally(() => {
      if (this.#last.get(address) === call) this.#last.delete(address)
    })
  }

  /** All that were asked for have ended. */
  async ended(): Promise<void> {
    while (this.#last.size > 0) {
      await Promise.all(this.#last.values())
      // Whoever waited for the same call may ask for the next.
      await setImmediate()
    }
  }

  async #callNow({ hook, name, address }: Service, what: 'add' | 'remove'): Promise<string | undefined> {
    const result = await runHook(hook, [what, address, name], { BATON_FAMILY: isIpv6(address) ? 'ipv6' : 'ipv4' })
    const fields = { hook, what, address, service: name, result }
    this.logger.log(result === undefined ? 'info' : 'error', 'hook', fields)
    return result
  }
}
