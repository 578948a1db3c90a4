/**
 * Addresses of members that this node knew, asked again after a restart, for ever: so a cluster comes back when all of
 * its nodes were off, and none need be named to another again. An address stays in the file though nobody has answered
 * there since: a node that is started twice during one partition must not forget the other side. Bounded: the members of
 * now come first, then those of earlier boots, the latest of them first.
 */
import { type Endpoint, formatEndpoint, parseEndpoint } from '../../base/address.js'
import type { Alarm, AlarmClock } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/log.js'
import { loadStateFile, saveStateFile, stateDamaged } from '../../base/state-file.io.js'
import type { Millis } from '../../base/time.js'

const FORMAT = 'baton-members'
const VERSION = 1
const MEMBERS_MAX = 4_096
/** Members come and go in bundles; losing the last of them in a crash costs nothing, since one that answers is enough. */
const SAVE_AFTER_MS: Millis = 1_000

export class MembersFile {
  readonly #alarm: Alarm
  #saved = ''
  #latest: readonly string[] = []
  #earlier: readonly string[] = []

  constructor(
    private readonly file: string,
    private readonly clock: AlarmClock,
    private readonly logger: Logger,
  ) {
    this.#alarm = clock.alarm(() => this.save())
  }

  load(): Endpoint[] {
    const body = loadStateFile(this.file, FORMAT, VERSION)?.body
    if (body === undefined) return []
    if (!Array.isArray(body)) throw stateDamaged(this.file, 'it holds no list of addresses')
    this.#saved = JSON.stringify(body)
    const known = body.flatMap((text) => (typeof text === 'string' ? (parseEndpoint(text) ?? []) : []))
    this.#earlier = known.map(formatEndpoint)
    return known
  }

  /** Kept soon; an empty list is not news: it is what a node knows before it has found anybody. */
  remember(addresses: readonly Endpoint[]): void {
    if (addresses.length === 0) return
    const known = new Set([...addresses.map(formatEndpoint).sort(), ...this.#earlier])
    this.#latest = [...known].slice(0, MEMBERS_MAX)
    this.#alarm.set(this.clock.now() + SAVE_AFTER_MS)
  }

  /** A full disk must not end the node: the addresses are a convenience. */
  save(): void {
    this.#alarm.set(undefined)
    const text = JSON.stringify(this.#latest)
    if (this.#latest.length === 0 || text === this.#saved) return
    try {
      saveStateFile(this.file, FORMAT, VERSION, this.#latest)
      this.#saved = text
    } catch (error) {
      this.logger.log('warn', 'members-not-saved', { why: messageOf(error) })
    }
  }
}
