/**
 * Scenarios as text: commands in, the log of what the nodes did out, and the log is the assertion. A scenario is a file
 * of paragraphs; each is a command line, `----`, and what followed from it until the next command.
 *
 *   nodes a b [w:witness] [b:priority=200]   a founds, the others join; all are linked; 6 s pass
 *   service alone=a failback=on              for all nodes
 *   crash a          the process ends: links break, its port refuses a dial
 *   power-off a      silence: membership gives it up after 1 s, links break after 5 s
 *   cut a b          the same between two that live
 *   heal             all cuts end, links come back
 *   start a [empty]  boots again; `empty`: its disk is lost
 *   stop a           an orderly stop
 *   leave a          says that it leaves; an orderly stop follows when it votes no more
 *   pause a 3s       the process stands still, then notices the gap
 *   forget a b [force]   an operator at a gives b up
 *   transfer a b     an operator at a hands the service to b
 *   run 2s
 */
import { idOf, Room } from './script.js'

const MEMBERSHIP_MS = 1_000
const SILENCE_MS = 5_000
const DIAL_MS = 1

export interface Step {
  readonly command: string
  readonly log: string
}

export function parseScenario(text: string): { readonly title: string; readonly steps: readonly Step[] } {
  const [title = '', ...paragraphs] = text.trimEnd().split(/\n\n+/)
  const steps = paragraphs.map((paragraph) => {
    const [command = '', , ...log] = paragraph.split('\n')
    return { command, log: log.join('\n') }
  })
  return { title: title.replace(/^# /, ''), steps }
}

export function formatScenario(title: string, steps: readonly Step[]): string {
  const paragraphs = steps.map(({ command, log }) => `${command}\n----${log === '' ? '' : `\n${log}`}`)
  return `${[`# ${title}`, ...paragraphs].join('\n\n')}\n`
}

export class Play {
  readonly room = new Room()
  #letters: string[] = []
  #lines: string[] = []

  /** Performs one command; answers what the nodes did, and who directs at the end. */
  perform(command: string): string {
    this.#lines = []
    const from = this.room.log.length
    const began = this.room.now
    const [verb = '', ...words] = command.split(' ')
    this.#do(verb, words)
    for (const { at, text } of this.room.log.slice(from)) {
      this.#lines.push(`${`+${Math.round(at - began)}`.padStart(6)} ms  ${text}`)
    }
    const acting = this.room.acting().map((letter) => (this.#isAlone(letter) ? `${letter} (alone)` : letter))
    return [...this.#lines, `directing: ${acting.join(' and ') || 'nobody'}`].join('\n')
  }

  #do(verb: string, words: readonly string[]): void {
    const [a = '', b = ''] = words
    switch (verb) {
      case 'nodes':
        return this.#found(words)
      case 'service':
        return this.#configure(words)
      case 'crash':
        return this.#end(a, DIAL_MS, true)
      case 'power-off':
        return this.#end(a, SILENCE_MS, false)
      case 'cut':
        return this.#cut(a, b)
      case 'heal':
        this.room.heal()
        return this.room.link(...this.#letters.filter((letter) => this.room.machines.has(idOf(letter))))
      case 'start':
        this.room.start(a, b !== 'empty')
        return this.room.link(...this.#letters.filter((letter) => this.room.machines.has(idOf(letter))))
      case 'stop':
        this.room.feed(a, { type: 'stop' })
        return this.#end(a, DIAL_MS, false)
      case 'leave':
        return this.#leave(a)
      case 'pause':
        return this.#pause(a, spanOf(b))
      case 'forget':
        this.room.feed(a, { type: 'forget', node: idOf(b) })
        if (words.includes('force')) this.room.feed(a, { type: 'force-forget', nodes: [idOf(b)] })
        return
      case 'transfer':
        return this.room.feed(a, { type: 'transfer', service: 'web', to: idOf(b) })
      case 'run':
        return this.room.run(spanOf(a))
      default:
        throw new Error(`no such command: ${verb}`)
    }
  }

  #found(words: readonly string[]): void {
    for (const [i, word] of words.entries()) {
      const [letter = '', trait = ''] = word.split(':')
      const priority = /^priority=(\d+)$/.exec(trait)?.[1]
      const standing = { directs: trait !== 'witness', ...(priority !== undefined && { priority: Number(priority) }) }
      this.room.add(letter, i === 0, { diesWithProcess: true }, standing)
      this.#letters.push(letter)
    }
    this.room.link(...this.#letters)
    this.room.run(6_000)
    this.room.log.length = 0
  }

  #configure(words: readonly string[]): void {
    const settings = Object.fromEntries(words.map((word) => word.split('=') as [string, string]))
    const alone = settings['alone'] === undefined ? undefined : idOf(settings['alone'])
    this.room.setRules({ failback: settings['failback'] === 'on', alone })
  }

  /** Others notice by membership, and by their links when those end. */
  #end(letter: string, linksEndMs: number, refused: boolean): void {
    this.room.machines.delete(idOf(letter))
    const others = this.#letters.filter((other) => other !== letter)
    const standing = this.room.hosts.get(idOf(letter))?.standing
    this.room.later(linksEndMs, () => {
      if (this.room.machines.has(idOf(letter))) return
      for (const other of others) {
        this.room.feed(other, { type: 'link-down', peer: idOf(letter), byUs: false })
        if (refused) this.room.feed(other, { type: 'refused', peer: idOf(letter) })
      }
    })
    this.room.later(MEMBERSHIP_MS, () => {
      if (standing === undefined || this.room.machines.has(idOf(letter))) return
      for (const other of others) this.room.feed(other, { type: 'member', node: idOf(letter), alive: false, standing })
    })
  }

  #cut(one: string, other: string): void {
    this.room.cut(one, other)
    for (const [here, there] of [
      [one, other],
      [other, one],
    ] as const) {
      const standing = this.room.hosts.get(idOf(there))?.standing
      this.room.later(MEMBERSHIP_MS, () => {
        if (standing === undefined || !this.room.isCut(here, there)) return
        this.room.feed(here, { type: 'member', node: idOf(there), alive: false, standing })
      })
      this.room.later(SILENCE_MS, () => {
        if (this.room.isCut(here, there)) this.room.feed(here, { type: 'link-down', peer: idOf(there), byUs: true })
      })
    }
  }

  #leave(letter: string): void {
    this.room.setStanding(letter, { votes: false, directs: false })
    const to = this.room
      .machine(letter)
      .explain('web', this.room.now)
      .candidates.find((id) => id !== idOf(letter))
    if (to !== undefined) this.room.feed(letter, { type: 'transfer', service: 'web', to })
    const look = () => {
      if (this.room.machine(letter).electorate().voters.includes(idOf(letter))) return this.room.later(100, look)
      this.room.feed(letter, { type: 'stop' })
      this.#end(letter, DIAL_MS, false)
    }
    this.room.later(100, look)
  }

  #pause(letter: string, ms: number): void {
    const machine = this.room.machine(letter)
    this.room.machines.delete(idOf(letter))
    this.room.later(ms, () => {
      this.room.machines.set(idOf(letter), machine)
      this.room.feed(letter, { type: 'clock-gap', ms })
    })
    this.room.run(ms + 1)
  }

  #isAlone(letter: string): boolean {
    return this.room.machine(letter).holding('web')?.alone === true
  }
}

function spanOf(text: string): number {
  const [, amount = '', unit] = /^(\d+)(ms|s)$/.exec(text) ?? []
  if (amount === '') throw new Error(`no span of time: ${text}`)
  return Number(amount) * (unit === 's' ? 1_000 : 1)
}
