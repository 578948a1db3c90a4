/**
 * Programs of services of mode `single` on one simulated host, and their guards: both outlive the node's process and its pauses, and
 * end with the host's power. Hooks take their time, fail, and hang until they are killed.
 */
import type { Prng } from '../../src/base/prng.js'
import type { GuardEvent, GuardJob, GuardPort, Remains } from '../../src/hosting/ports.js'

export interface ProgramHost {
  /** On the host's own clock. */
  now(): number
  /** After so much time of that clock. */
  later(ms: number, run: () => void): void
  note(what: string): void
}

export type BrokenGuard = 'sleepy-guard' | 'slow-guard'

interface Program {
  readonly service: string
  job: GuardJob
  state: 'starting' | 'running' | 'stopping' | 'stopped'
  /** It does something: from the start of its start hook to the end of its stop. */
  isActive: boolean
  until: number
  /** Which of its changes is the last: what was planned before it is void. */
  change: number
  /** Stopped by its guard alone. */
  isFenced: boolean
}

export class SimPrograms {
  readonly #programs = new Map<string, Program>()
  #tell: ((service: string, event: GuardEvent) => void) | undefined
  starts = 0
  fenced = 0

  constructor(
    private readonly host: ProgramHost,
    private readonly random: Prng,
    private readonly broken?: BrokenGuard,
  ) {}

  isActive(service: string): boolean {
    return this.#programs.get(service)?.isActive === true
  }

  /** The node's process is another, or none. */
  detach(): void {
    this.#tell = undefined
  }

  powerOff(): void {
    this.detach()
    for (const program of this.#programs.values()) {
      program.change++
      program.isActive = false
      program.state = 'stopped'
    }
  }

  port(): GuardPort {
    const untils = new Map<string, number>()
    const remains = new Map<string, Remains>()
    for (const { service, state, job, until } of this.#programs.values()) {
      remains.set(service, { term: job.term, state: state === 'stopped' ? 'stopped' : 'running', until })
    }
    return {
      remains,
      attach: (onEvent) => {
        this.#tell = onEvent
      },
      until: (service, deadline) => {
        untils.set(service, deadline)
        const program = this.#programs.get(service)
        if (program !== undefined && program.state !== 'stopped') program.until = Math.max(program.until, deadline)
      },
      start: (job) => this.#start(job, untils.get(job.service) ?? 0),
      stop: ({ service }) => this.#stop(service, false),
    }
  }

  #start(job: GuardJob, until: number): void {
    this.starts++
    const program: Program = {
      service: job.service,
      job,
      state: 'starting',
      isActive: true,
      until,
      change: 0,
      isFenced: false,
    }
    this.#programs.set(job.service, program)
    this.host.note(`${job.service} is started in term ${job.term}`)
    this.#watch(program)
    const isGood = this.random.chance(0.85)
    this.#after(program, this.random.between(20, 400), () => {
      program.state = 'running'
      this.#tell?.(job.service, { type: 'done', verb: 'start', isGood, words: isGood ? '' : 'exited with 1' })
    })
  }

  #watch(program: Program): void {
    if (this.broken === 'sleepy-guard') return
    const look = () => {
      if (this.#programs.get(program.service) !== program || program.state === 'stopped') return
      if (this.host.now() < program.until) return this.host.later(program.until - this.host.now() + 1, look)
      if (program.state === 'stopping') return
      this.fenced++
      this.#stop(program.service, true)
    }
    this.host.later(Math.max(1, program.until - this.host.now()), look)
  }

  #stop(service: string, isFenced: boolean): void {
    const program = this.#programs.get(service)
    if (program === undefined || program.state === 'stopped') {
      this.#tell?.(service, { type: 'done', verb: 'stop', isGood: true, words: '' })
      return
    }
    if (program.state === 'stopping') {
      // It will be answered once, as what it is by then.
      program.isFenced &&= isFenced
      return
    }
    program.state = 'stopping'
    program.isFenced = isFenced
    const limitMs = program.job.stopMs * (this.broken === 'slow-guard' ? 4 : 1)
    const ms = this.random.chance(0.2) || this.broken === 'slow-guard' ? limitMs : this.random.between(10, limitMs / 4)
    this.#after(program, ms, () => {
      program.state = 'stopped'
      program.isActive = false
      this.host.note(`${service} is stopped${program.isFenced ? ' by its guard' : ''}`)
      const words = ''
      this.#tell?.(
        service,
        program.isFenced
          ? { type: 'fenced', isGood: true, words }
          : { type: 'done', verb: 'stop', isGood: true, words },
      )
    })
  }

  #after(program: Program, ms: number, run: () => void): void {
    const change = ++program.change
    this.host.later(ms, () => {
      if (this.#programs.get(program.service) === program && program.change === change) run()
    })
  }
}
