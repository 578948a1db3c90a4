/** Whether this process would die in silence (docs/addresses.md): tried once, when it first may own an address. */
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import { guardDescriptors } from '../../kernel/descriptor-guard.io.js'
import type { Silence } from '../../kernel/silence/outcome.js'
import { testSilence } from '../../kernel/silence/silence-test.io.js'

/** It takes a core for a while, which a process that replaces another has no time for. */
const LATER_MS: Millis = 5_000

export class DeathSilence {
  #silence: Silence = { type: 'untested', why: 'it has not been tried yet' }
  #isBegun = false

  constructor(
    private readonly logger: Logger,
    /** In words: clients hear of the death of this process. */
    private readonly onHeard: (why: string) => void,
  ) {}

  /**
   * `false`: clients are told FIN or RST while the process dies, and go on dying for longer than its listening sockets. That those
   * are gone is no evidence then that the address is.
   */
  get isTrusted(): boolean {
    return this.#silence.type !== 'heard'
  }

  /** `isHurried`: not now. */
  begin(isHurried = false): void {
    if (this.#isBegun) return
    this.#isBegun = true
    const { closed, hasIoUring } = guardDescriptors()
    if (closed.length > 0) this.logger.log('warn', 'descriptors-closed-on-exec', { descriptors: closed.join(', ') })
    if (hasIoUring) this.#tell({ type: 'heard', why: 'it uses io_uring, whose requests outlive a process' })
    else setTimeout(() => void testSilence().then((silence) => this.#tell(silence)), isHurried ? LATER_MS : 0).unref()
  }

  #tell(silence: Silence): void {
    this.#silence = silence
    const level = silence.type === 'heard' ? 'error' : 'info'
    this.logger.log(level, 'silence', { result: silence.type, ...('why' in silence && { why: silence.why }) })
    if (silence.type === 'heard') this.onHeard(`clients would hear of a crash of this node: ${silence.why}`)
  }
}
