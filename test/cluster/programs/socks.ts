/** Programs of socks-main, as a test sees them. */
import { fileURLToPath } from 'node:url'
import type { Host } from '../../../src/lab/hosts.io.js'
import type { Scope } from '../../harness/suite.js'
import { Conversation } from './conversation.js'

const MAIN = fileURLToPath(new URL('./socks-main.ts', import.meta.url))

export interface Asked {
  /** How often each reply of SOCKS was heard; -1: none. */
  readonly codes: Readonly<Record<string, number>>
  /** By which the far server was called. */
  readonly addresses: readonly string[]
}

export class Socks {
  private constructor(private readonly talk: Conversation) {}

  /** All have their answer. */
  static async ask(
    scope: Scope,
    on: Host,
    door: number,
    to: { readonly address: string; readonly port: number },
    count: number,
  ): Promise<{ readonly socks: Socks; readonly asked: Asked }> {
    const args = [String(door), to.address, String(to.port), String(count)]
    const talk = Conversation.start(scope, on, process.execPath, '--import', 'tsx', MAIN, ...args)
    const [, json = ''] = await talk.hears(/asked (.*)\n/, 0, 20_000)
    return { socks: new Socks(talk), asked: JSON.parse(json) as Asked }
  }

  /** How many of the connections that stood are alive, and have echoed it. */
  async echo(word: string, limitMs = 10_000): Promise<number> {
    const since = this.talk.said.length
    this.talk.say(`${word}\n`)
    const [, alive] = await this.talk.hears(new RegExp(`${word} (\\d+)\n`), since, limitMs)
    return Number(alive)
  }

  /** All of them at once. */
  close(): Promise<void> {
    return this.talk.stop()
  }
}
