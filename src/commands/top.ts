import { setTimeout as pause } from 'node:timers/promises'
import { Flags } from '@oclif/core'
import { BatonError } from '../base/errors.js'
import { BatonCommand } from '../cli/command.js'
import { describeFailure, renderFailure } from '../cli/failure.js'
import { type Look, type Rates, ratesBetween } from '../cli/rates.js'
import { renderTop, type TopView } from '../cli/top-view.js'
import { parseSpan } from '../cli/units.js'
import { watch } from '../cli/watch.js'
import type { ControlClient } from '../node/control/control-client.io.js'
import type { StatusView } from '../node/control/control-protocol.js'
import type { EventView } from '../node/seeing/seeing-protocol.js'

const PAST_MAX = 200
const INTERVAL_MS_MIN = 200

/** What `--json` answers: the status as `baton status --json` has it, with what changed a second. */
export interface TopAnswer {
  readonly rates: Rates | null
  readonly events: readonly EventView[]
  readonly status: StatusView
}

export default class Top extends BatonCommand {
  static override summary = 'Show what moves, live: rates, splices, who directs, moves and takeovers as they happen.'
  static override description =
    'As the local node sees it. q or Ctrl-C ends it. Without a terminal, screens follow each other; --once shows one, after an interval, so that it has rates.'
  static override examples = [
    '<%= config.bin %> top',
    '<%= config.bin %> top --interval 5s',
    {
      description: 'New connections a second, for a script:',
      command: '<%= config.bin %> top --json | jq .rates.accepted',
    },
  ]
  static override flags = {
    once: Flags.boolean({ description: 'one screen, and no more' }),
    interval: Flags.string({ description: 'between two looks', default: '1s', helpValue: '1s' }),
  }

  #before: Look | undefined
  #past: number[] = []

  async run(): Promise<TopAnswer | undefined> {
    const { flags } = await this.parse(Top)
    const intervalMs = parseSpan(flags.interval)
    if (intervalMs === undefined || intervalMs < INTERVAL_MS_MIN) {
      throw new BatonError(
        'ERR_USAGE',
        `--interval '${flags.interval}' is not possible: give 200ms or more, such as 2s`,
        {},
      )
    }
    const client = this.client(flags)
    if (flags.once || this.jsonEnabled()) {
      await this.#look(client)
      await pause(intervalMs)
      const { status, rates, events, ...rest } = await this.#look(client)
      if (this.jsonEnabled()) return { rates: rates ?? null, events, status }
      this.log(renderTop({ status, rates, events, ...rest }, this.screen()))
      return undefined
    }
    await watch(process.stdout, () => this.#render(client), {
      everyMs: intervalMs,
      input: process.stdin,
      foot: 'q quits',
    })
    return undefined
  }

  async #render(client: ControlClient): Promise<string> {
    const rows = process.stdout.isTTY ? process.stdout.rows - 1 : undefined
    try {
      return renderTop(await this.#look(client), this.screen(), rows)
    } catch (error) {
      this.#before = undefined
      return renderFailure(describeFailure(error), this.screen())
    }
  }

  async #look(client: ControlClient): Promise<TopView> {
    const [status, { events }] = await Promise.all([client.status(), client.events()])
    const look: Look = { at: performance.now(), boot: status.node.boot, counters: status.counters }
    const rates = ratesBetween(this.#before, look)
    this.#before = look
    if (rates !== undefined) this.#past = [...this.#past, rates.accepted].slice(-PAST_MAX)
    return { status, rates, events, past: this.#past, at: Date.now() }
  }
}
