import { Flags } from '@oclif/core'
import { BatonCommand } from '../cli/command.js'
import type { DemoSummary } from '../lab/demo.io.js'

export default class Demo extends BatonCommand {
  static override summary = 'See it work: three nodes on this machine, a hundred clients, a director that is killed.'
  static override description =
    'Runs as an ordinary user on loopback addresses, ends by itself in half a minute and leaves nothing behind. Exit code 1 if something that Baton promises did not happen.'
  static override examples = [
    '<%= config.bin %> demo',
    { description: 'Keep it running, to look around:', command: '<%= config.bin %> demo --stay' },
  ]
  static override flags = {
    stay: Flags.boolean({ description: 'keep the nodes running at the end, until Ctrl-C' }),
    clients: Flags.integer({
      description: 'clients that connect over and over',
      min: 1,
      max: 10_000,
      helpValue: '100',
    }),
  }

  async run(): Promise<DemoSummary> {
    const { flags } = await this.parse(Demo)
    const { stay, clients, state } = flags
    const { runDemo } = await import('../lab/demo.io.js')
    const abort = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort())
    const summary = await runDemo({
      stay,
      json: this.jsonEnabled(),
      out: process.stdout,
      signal: abort.signal,
      ...(clients === undefined ? {} : { clients }),
      ...(state === undefined ? {} : { state }),
    })
    if (!summary.ok) process.exitCode = 1
    return summary
  }
}
