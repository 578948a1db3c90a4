/** Operators' programs that are told when a service has lost its quorum of backends, and when it has it again. */
import type { Logger } from '../../base/log.js'
import type { Service } from '../../proxy/service.js'
import { runHook } from './hook.io.js'
import type { QuorumChange } from './quorums.js'

export class QuorumHooks {
  /** By service: the last call. One must not overtake the one before it. */
  readonly #last = new Map<string, Promise<void>>()

  constructor(private readonly logger: Logger) {}

  tell({ name, quorumHook }: Service, { quorate, able }: QuorumChange): void {
    if (quorumHook === '') return
    const before = this.#last.get(name) ?? Promise.resolve()
    const call = before.then(async () => {
      const what = quorate ? 'quorum-up' : 'quorum-down'
      const result = await runHook(quorumHook, [what, name, String(able)], {})
      const fields = { hook: quorumHook, what, service: name, backends: able, result }
      this.logger.log(result === undefined ? 'info' : 'error', 'hook', fields)
    })
    this.#last.set(name, call)
    void call.finally(() => {
      if (this.#last.get(name) === call) this.#last.delete(name)
    })
  }
}
