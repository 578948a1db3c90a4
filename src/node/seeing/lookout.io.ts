/** What this node keeps for whoever looks at it as a whole: its latest events, the last hour, and the page that shows them. */
import os from 'node:os'
import { type Endpoint, formatEndpoint } from '../../base/address.js'
import type { Clock } from '../../base/clock.js'
import { errnoOf, messageOf } from '../../base/errors.js'
import { shortId } from '../../base/ids.js'
import type { Millis } from '../../base/time.js'
import { PageServer } from '../../page/server.io.js'
import type { LaneReport } from '../../proxy/lane-report.js'
import { contestOf } from '../../proxy/service.js'
import type { StatusView } from '../control/control-protocol.js'
import type { Knowledge } from '../knowledge.js'
import type { EventTape } from './event-tape.js'
import { type EventNames, eventView } from './event-words.js'
import { Hour, SAMPLE_MS } from './hour.js'
import { overviewOf } from './overview.js'
import type { EventsView } from './seeing-protocol.js'

/** The process before this one, which is about to end, may still have the port. */
const TRY_AGAIN_MS: Millis = 500
const TRIES_BEFORE_WORDS = 6

export interface LookoutParts {
  readonly tape: EventTape
  readonly clock: Clock
  readonly knowledge: Pick<Knowledge, 'members' | 'services'>
  readonly query: (limit: number, service?: string) => Promise<LaneReport>
  /** Where the page is served; not given: nowhere, and nothing is sampled. */
  readonly page?: Endpoint | undefined
  readonly name: string
  /** What is wrong now, by the part that it concerns. */
  readonly warnings: Map<string, string>
}

/** The node, as it answers on its control socket. */
export interface LookedAt {
  status(): Promise<StatusView>
  metrics(): Promise<string>
}

export class Lookout {
  readonly #hour = new Hour()
  #report: LaneReport | undefined
  #sampling: NodeJS.Timeout | undefined
  #again: NodeJS.Timeout | undefined
  #server: PageServer | undefined
  #tries = 0
  #isClosed = false

  constructor(private readonly parts: LookoutParts) {}

  /** As lanes are asked by everybody, so that nobody has to ask twice. */
  readonly query = async (limit: number, service?: string): Promise<LaneReport> => {
    const report = await this.parts.query(limit, service)
    this.#report = report
    return report
  }

  events(): EventsView {
    const names = this.#names()
    return { events: this.parts.tape.since(0).map((taped) => eventView(taped, names)) }
  }

  /** Serves the page, or tries until it can. */
  open(node: LookedAt): void {
    const { page } = this.parts
    if (page === undefined) return
    this.#sampling = setInterval(() => void this.#sample(), SAMPLE_MS)
    void this.#sample()
    void this.#serve(node, page)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#sampling)
    clearTimeout(this.#again)
    await this.#server?.close()
  }

  async #serve(node: LookedAt, at: Endpoint): Promise<void> {
    const { tape, warnings, name, clock } = this.parts
    const overview = async () => {
      const status = await node.status()
      return overviewOf({
        status,
        report: this.#report,
        hour: this.#hour,
        events: this.events().events,
        at: clock.wall(),
      })
    }
    const names = [name.toLowerCase(), os.hostname().toLowerCase()]
    try {
      this.#server = await PageServer.open({ at, source: { overview, metrics: () => node.metrics() }, names })
      if (this.#isClosed) return await this.#server.close()
      warnings.delete('page')
      tape.log('info', 'page-open', { on: formatEndpoint({ ...at, port: this.#server.port }) })
    } catch (error) {
      if (this.#isClosed) return
      this.#again = setTimeout(() => void this.#serve(node, at), TRY_AGAIN_MS)
      if (++this.#tries !== TRIES_BEFORE_WORDS) return
      const cure = errnoOf(error) === 'EADDRINUSE' ? 'another program has that port' : messageOf(error)
      const why = `the status page cannot be served on ${formatEndpoint(at)}: ${cure}; choose another place with --page`
      warnings.set('page', why)
      tape.log('error', 'page-failed', { why })
    }
  }

  async #sample(): Promise<void> {
    try {
      this.#hour.add(await this.query(0), this.parts.clock.now())
    } catch {
      // A lane that is stuck is told of elsewhere; the hour has a gap.
    }
  }

  #names(): EventNames {
    const { services, members } = this.parts.knowledge
    const byContest = new Map<string, string[]>()
    for (const service of services.active) {
      const contest = contestOf(service)
      byContest.set(contest, [...(byContest.get(contest) ?? []), service.name])
    }
    const byId = new Map(members.map(({ profile }) => [shortId(profile.node), profile.name]))
    return { servicesOf: (contest) => byContest.get(contest) ?? [], nodeOf: (id) => byId.get(id) ?? id }
  }
}
