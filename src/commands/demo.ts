import { Flags } from '@oclif/core'
import { BatonCommand } from '../cli/command.js'
import type { DemoSummary } from '../lab/demo.io.js'
import type { DemoHost } from '../lab/demo-hosts.io.js'

export default class Demo extends BatonCommand {
  static override summary = 'See it work: three nodes on this machine, a hundred clients, a director that is killed.'
  static override description =
    'Runs on hosts of their own (network namespaces) where this user can have such, else on loopback addresses; ends by itself in half a minute and leaves nothing behind. Exit code 1 if something that Baton promises did not happen.'
  static override examples = [
    '<%= config.bin %> demo',
    { description: 'Keep it running, to look around:', command: '<%= config.bin %> demo --stay' },
    { description: 'Walk into one of its hosts:', command: '<%= config.bin %> demo --shell client' },
  ]
  static override flags = {
    on: Flags.option({
      options: ['auto', 'hosts', 'loopback'] as const,
      description: 'hosts of their own, loopback addresses, or what can be had',
      default: 'auto' as const,
    })(),
    shell: Flags.string({ description: 'a shell on a host of the demo that runs now', helpValue: 'HOST' }),
    hosts: Flags.boolean({ description: 'the hosts of the demo that runs now' }),
    stay: Flags.boolean({ description: 'keep the nodes running at the end, until Ctrl-C' }),
    clients: Flags.integer({
      description: 'clients that connect over and over',
      min: 1,
      max: 10_000,
      helpValue: '100',
    }),
  }

  async run(): Promise<DemoSummary | readonly DemoHost[]> {
    const { flags } = await this.parse(Demo)
    if (flags.shell !== undefined || flags.hosts) return this.#visit(flags.shell)
    const { stay, clients, state, on } = flags
    const { runDemo } = await import('../lab/demo.io.js')
    const abort = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort())
    const summary = await runDemo({
      stay,
      on,
      json: this.jsonEnabled(),
      out: process.stdout,
      signal: abort.signal,
      ...(clients === undefined ? {} : { clients }),
      ...(state === undefined ? {} : { state }),
    })
    if (!summary.ok) process.exitCode = 1
    return summary
  }

  async #visit(host: string | undefined): Promise<readonly DemoHost[]> {
    const { readHosts, shellOn } = await import('../lab/demo-hosts.io.js')
    if (host !== undefined) {
      process.exitCode = await shellOn(host)
      return []
    }
    const hosts = readHosts()
    for (const { name, address, state } of hosts) this.log(`${name.padEnd(10)} ${address.padEnd(14)} ${state ?? ''}`)
    return hosts
  }
}
