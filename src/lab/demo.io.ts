/**
 * `baton demo`: three nodes and three legacy programs as separate processes, a hundred clients, a director
 * that is killed and a program that stops; then a summary of what the clients saw. Ends by itself, leaves nothing.
 */
import { formatEndpoint } from '../base/address.js'
import { BatonError } from '../base/errors.js'
import type { DrillReport } from '../node/control/drill-protocol.js'
import type { Child } from './child.io.js'
import type { LocalCluster } from './cluster.io.js'
import type { Counting } from './counting.js'
import {
  countedOn,
  type DemoSummary,
  fateLine,
  type LiveView,
  livedOn,
  type Promised,
  renderLive,
  renderSummary,
  whyNoneLives,
} from './demo-view.js'
import type { TalkersReport } from './fates.js'
import type { HostTalkers } from './host-talkers.io.js'
import { Measure, unevenness } from './measure.js'
import type { RedisSession } from './redis-session.io.js'
import { Screen } from './screen.io.js'
import { openStage, type Stage } from './stage.io.js'
import { until } from './wait.io.js'

export type { DemoSummary } from './demo-view.js'

export interface DemoOptions {
  readonly stay: boolean
  readonly json: boolean
  readonly clients?: number
  /** Hosts of their own where they can be had, or else loopback addresses; or just one of the two. */
  readonly on: 'auto' | 'hosts' | 'loopback'
  /** Where state and logs go; a temporary folder that is removed at the end if not given. */
  readonly state?: string
  readonly out: NodeJS.WritableStream
  readonly signal: AbortSignal
}

const CLIENTS = 100
const PAUSE_MS = 200
const QUIET_MS = 4_000
const AFTER_KILL_MS = 4_000
const AFTER_STOP_MS = 3_000
/** A change of listeners is known to all within this. */
const PUBLISHED_MS = 200
const TAKEOVER_MS_MAX = 3_000

export async function runDemo(options: DemoOptions): Promise<DemoSummary> {
  const stage = await openStage(options.on)
  const demo = new Demo(options, stage)
  try {
    return await demo.run()
  } finally {
    await demo.remove()
    await stage.remove()
  }
}

interface Kept {
  readonly talkers: HostTalkers
  readonly session: RedisSession | undefined
}

class Demo {
  readonly #screen: Screen
  readonly #measure = new Measure()
  readonly #programs = new Map<string, Child>()
  readonly #startedAt = performance.now()
  #cluster: LocalCluster | undefined
  #clients: { stop(): Promise<void> } | undefined
  #phase = 'starting three nodes'
  #director = ''
  #kept: Kept | undefined
  #events: string[] = []

  constructor(
    private readonly options: DemoOptions,
    private readonly stage: Stage,
  ) {
    this.#screen = new Screen(options.out, !options.json, (columns) => renderLive(this.#view(), columns))
  }

  async run(): Promise<DemoSummary> {
    const cluster = await this.#start()
    const clients = this.options.clients ?? CLIENTS
    this.#clients = this.stage.startClients(this.#measure, clients, PAUSE_MS)
    await until(() => (this.#measure.count > 0 ? true : undefined), 5_000, 'clients are at work')
    const kept = await this.#keep(cluster, clients)
    const begun = performance.now()
    this.#say(`${clients} clients connect to ${formatEndpoint(this.stage.service)}`, 'all is quiet')
    await this.#sleep(QUIET_MS)

    const killed = cluster.named(this.#director)
    const mortal = kept === undefined ? undefined : whyNoneLives((await killed.client.status()).survival)
    kept?.talkers.brace()
    const drill = this.#drill(cluster, kept === undefined ? 'web' : 'echo')
    await Promise.race([killed.child?.ended, drill])
    const killedAt = performance.now()
    const countedAtKill = kept?.session?.counting.last ?? 0
    this.#say(`SIGKILL to ${killed.name}, the director`, 'the director is dead')
    const successor = await cluster.serving('web', 15_000)
    this.#director = successor.director.name
    this.#say(`${this.#director} directs in term ${successor.term?.number ?? '?'}`, 'a new director serves')
    await this.#sleep(AFTER_KILL_MS)
    const verdicts = await drill
    const report = kept?.talkers.report()
    report?.then((fates) => this.#say(fateLine(fates), this.#phase)).catch(() => {})

    const stopped = cluster.live().find((node) => node.name !== this.#director) ?? cluster.named(this.#director)
    await this.#programs.get(stopped.name)?.stop()
    const stoppedAt = performance.now()
    this.#say(`the program of ${stopped.name} has stopped`, 'two programs are left, one node each')
    await this.#sleep(AFTER_STOP_MS)
    await this.#clients.stop()
    const fates = await report
    const counted = kept?.session?.counting
    const counting = counted && { ...counted, first: countedAtKill }
    this.#screen.stop()

    const faults = { killed: killed.name, killedAt, stopped: stopped.name, stoppedAt }
    const summary = this.#summarize(begun, faults, { fates, counting, drill: verdicts, mortal })
    if (!this.options.json) this.options.out.write(`${renderSummary(summary, this.#emphasis)}\n`)
    if (this.options.stay) await this.#stay()
    return summary
  }

  async remove(): Promise<void> {
    this.#screen.stop()
    await this.#clients?.stop()
    await Promise.all([...this.#programs.values()].map((program) => program.stop()))
    await this.#cluster?.remove()
  }

  async #start(): Promise<LocalCluster> {
    this.#screen.start()
    this.#say(this.stage.words, 'starting three nodes')
    const cluster = await this.stage.startCluster(this.options.state)
    this.#cluster = cluster
    this.#say('three nodes run; each has its own key and the cluster key', 'nodes find each other')
    await cluster.settled()
    for (const { name } of cluster.nodes) this.#programs.set(name, this.stage.startProgram(name, cluster))
    const first = cluster.nodes[0]
    if (first === undefined) throw new Error('a demo needs a node')
    const { address, port } = this.stage.service
    const where = ['--address', address, '--ports', String(port), '--local', 'equal']
    const words = ['service', 'add', 'web', ...where, '--proxy-protocol', 'v2']
    await cluster.baton(first, ...words)
    this.#say(`baton ${words.join(' ')}`, 'a director is elected')
    const view = await cluster.serving('web')
    this.#director = view.director.name
    this.#say(`${this.#director} directs; all three nodes vote`, 'ready')
    await until(
      async () => ((await first.client.service('web')).backends.length === cluster.nodes.length ? true : undefined),
      5_000,
      'all three programs are found in the socket tables',
    )
    return cluster
  }

  #summarize(
    begun: number,
    faults: { killed: string; killedAt: number; stopped: string; stoppedAt: number },
    {
      fates,
      counting,
      drill,
      mortal,
    }: {
      fates?: TalkersReport | undefined
      counting?: Counting | undefined
      drill: DrillReport
      mortal: string | undefined
    },
  ): DemoSummary {
    const quiet = this.#measure.summary(begun, faults.killedAt - 500)
    const afterStop = this.#measure.summary(faults.stoppedAt + PUBLISHED_MS)
    const dark = this.#measure.summary(faults.killedAt - 500, faults.stoppedAt - 500)
    const whole = this.#measure.summary()
    const failedAfterStop = afterStop.failed + (afterStop.perNode[faults.stopped] ?? 0)
    const uneven = unevenness(quiet.perNode)
    const promises: Promised[] = [
      {
        what: 'no connection failed while all was quiet',
        kept: quiet.failed === 0,
        figure: `${quiet.connections} made`,
      },
      {
        what: 'all three nodes served, evenly',
        kept: Object.keys(quiet.perNode).length === 3 && uneven < 0.05,
        figure: `${(uneven * 100).toFixed(1)} % off`,
      },
      {
        what: 'new connections worked again within 3 s of the kill',
        kept: dark.longestGapMs < TAKEOVER_MS_MAX,
        figure: `${Math.round(dark.longestGapMs)} ms`,
      },
      {
        what: 'none failed or went to the stopped program from 200 ms later',
        kept: failedAfterStop === 0 && afterStop.answered > 0,
        figure: `${afterStop.connections} made`,
      },
    ]
    if (fates !== undefined && mortal === undefined) promises.push(livedOn(fates))
    if (counting !== undefined && mortal === undefined) promises.push(countedOn(counting))
    return {
      ok: promises.every((one) => one.kept),
      clients: this.options.clients ?? CLIENTS,
      seconds: (performance.now() - begun) / 1000,
      whole,
      unevenness: uneven,
      directorKilled: faults.killed,
      newDirector: this.#director,
      takeoverMs: dark.longestGapMs,
      backendStopped: faults.stopped,
      failedAfterStop,
      promises,
      kept: fates,
      mortal,
      counting,
      drill,
    }
  }

  /** Connections that stay open, where they can outlive their director. */
  async #keep(cluster: LocalCluster, clients: number): Promise<Kept | undefined> {
    const { keepers } = this.stage
    if (keepers === undefined) return undefined
    await keepers.add(cluster)
    const talkers = keepers.start(clients)
    const session = keepers.count()
    await talkers.stand()
    this.#kept = { talkers, session }
    const more = session === undefined ? '' : ', redis-cli counts'
    this.#say(`${clients} more stay open: half talk, half are silent${more}`, this.#phase)
    return this.#kept
  }

  /** The product's own command, on a node that lives on. */
  async #drill(cluster: LocalCluster, service: string): Promise<DrillReport> {
    const standby = cluster.live().find(({ name }) => name !== this.#director)
    if (standby === undefined) throw new BatonError('ERR_LAB', 'a drill needs a second node')
    this.#say(`${standby.name}: baton drill ${service} --yes`, 'the director is about to be killed')
    const { stdout } = await cluster.baton(standby, 'drill', service, '--yes', '--json')
    return JSON.parse(stdout) as DrillReport
  }

  get #emphasis(): (line: string) => string {
    const { out } = this.options
    const isPlain = !('isTTY' in out) || out.isTTY !== true || (process.env['NO_COLOR'] ?? '') !== ''
    return isPlain ? (line) => line : (line) => `\x1b[1m${line}\x1b[22m`
  }

  async #stay(): Promise<void> {
    const ways = this.#cluster === undefined ? [] : this.stage.visit(this.#cluster)
    this.options.out.write('\nThe nodes stay up until Ctrl-C. Look around:\n\n')
    for (const way of ways) this.options.out.write(`  ${way}\n`)
    await new Promise<void>((resolve) => {
      if (this.options.signal.aborted) resolve()
      else this.options.signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  #say(event: string, phase: string): void {
    this.#phase = phase
    const line = `${((performance.now() - this.#startedAt) / 1000).toFixed(1).padStart(5)} s  ${event}`
    this.#events.push(line)
    this.#screen.event(line)
  }

  #view(): LiveView {
    const whole = this.#measure.summary()
    const elapsedMs = performance.now() - this.#startedAt
    const recent = this.#measure.summary(performance.now() - 1_500, performance.now() - 500)
    const nodes = (this.#cluster?.nodes ?? []).map(({ name, address, child }) => {
      const program = this.#programs.get(name)
      const state = child === undefined || child.isOver ? 'killed' : 'up'
      return {
        name,
        address,
        node: state,
        program: program === undefined ? '–' : program.isOver ? 'stopped' : 'listening',
      }
    })
    const { perNode, answered, failed } = whole
    const events = this.#events.slice(-10)
    return {
      elapsedMs,
      phase: this.#phase,
      director: this.#director,
      nodes,
      perNode,
      answered,
      failed,
      perSecond: recent.connections,
      events,
      ...(this.#kept === undefined ? {} : { kept: this.#kept.talkers.count }),
      ...(this.#kept?.session === undefined ? {} : { counted: this.#kept.session.counting.last }),
    }
  }

  #sleep(ms: number): Promise<void> {
    const { signal } = this.options
    return new Promise((resolve, reject) => {
      const stop = () => reject(new BatonError('ERR_ABORTED', 'the demo was interrupted'))
      if (signal.aborted) return stop()
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop)
        resolve()
      }, ms)
      signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer)
          stop()
        },
        { once: true },
      )
    })
  }
}
