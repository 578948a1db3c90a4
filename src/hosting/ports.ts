/** What hosting a service of mode `single` needs from outside, and what it says. */
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { HostingSettings } from '../proxy/service-hosting.js'

export type HostingRules = Pick<
  HostingSettings,
  'startMs' | 'stopMs' | 'holdMs' | 'restartAttempts' | 'failureThreshold' | 'failureIntervalMs'
> & {
  /** Its program is started and stopped here; `false`: by somebody else, and only listened for. */
  readonly isRun: boolean
}

/** What the others say, as far as it is known here. */
export interface Others {
  /** The highest term as of which the program is known to run nowhere. */
  readonly stoppedTerm: number
  /** The longest that stopping it on any node may take. */
  readonly stopMs: Millis
  /** Some other node could take it now. */
  readonly isAnybody: boolean
}

export type HostingEvent =
  /** This node holds the service, in a new term or still, until then. */
  | { readonly type: 'lease'; readonly term: number; readonly deadline: Millis }
  | { readonly type: 'lease-lost' }
  /** The answer to `start` or `stop`. */
  | { readonly type: 'done'; readonly verb: 'start' | 'stop'; readonly isGood: boolean; readonly words: string }
  /** The guard has stopped it, since no lease came in time. */
  | { readonly type: 'fenced'; readonly isGood: boolean; readonly words: string }
  /** What its checks say. */
  | { readonly type: 'health'; readonly isGood: boolean; readonly words: string }
  /** Whether it listens. */
  | { readonly type: 'listening'; readonly isThere: boolean }
  | { readonly type: 'others'; readonly others: Others }
  /** Why it cannot be started here yet: a service that it requires; empty: it can. */
  | { readonly type: 'obstacle'; readonly why: string }
  | { readonly type: 'rules'; readonly rules: HostingRules }
  /** It is to run elsewhere: on that node, or on the next. */
  | { readonly type: 'relocate'; readonly to: NodeId | undefined; readonly why: string }
  /** It is to run nowhere: there is no such service any more, or this node ends. */
  | { readonly type: 'end' }

export type HostingEffect =
  | { readonly type: 'start' | 'stop' }
  /** The guard stops it then, unless a later one comes before. */
  | { readonly type: 'until'; readonly deadline: Millis }
  /** This node gives its lease away: to that one, or to whoever stands; and does not stand itself for a while. */
  | { readonly type: 'give'; readonly to: NodeId | undefined; readonly unableMs: Millis; readonly why: string }
  /** What is to be told of it is another now. */
  | { readonly type: 'changed' }

/** What an earlier process of this host has left. */
export interface Remains {
  readonly term: number
  /** `running`: its guard is alive. `unknown`: it may run, and nobody guards it. */
  readonly state: 'running' | 'stopped' | 'unknown'
  /** When its guard stops it. */
  readonly until?: Millis
}

/** What a guard does for one service. */
export interface GuardJob {
  readonly service: string
  /** The operator's program. */
  readonly program: string
  readonly startMs: Millis
  readonly stopMs: Millis
  /** In which it is started. */
  readonly term: number
}

/** `health`: its guard has died, and nobody watches over it. */
export type GuardEvent = Extract<HostingEvent, { type: 'done' | 'fenced' | 'health' }>

/** Guards outlive the process that asks them. Each `start` and `stop` is answered once, or by `fenced`. */
export interface GuardPort {
  /** How it stands now, by service: what earlier processes have left, and this one. */
  readonly remains: ReadonlyMap<string, Remains>
  /** Hears of all services. */
  attach(onEvent: (service: string, event: GuardEvent) => void): void
  /** `until` comes first. */
  start(job: GuardJob): void
  stop(job: GuardJob): void
  until(service: string, deadline: Millis): void
}
