import { BatonCommand } from '../cli/command.js'
import { plural } from '../cli/units.js'
import type { BalanceView } from '../node/control/control-protocol.js'

export default class Balance extends BatonCommand {
  static override summary = 'Bring the programs of services of mode single to where they are best placed.'
  static override description =
    'One after the other, as `baton relocate` does: to the node that each favours, or from nodes that host many to nodes that host few. What is well placed is left alone.'
  static override examples = ['<%= config.bin %> balance']

  async run(): Promise<BalanceView> {
    const { flags } = await this.parse(Balance)
    const view = await this.client(flags).balance()
    const screen = this.screen()
    for (const { service, from, to } of view.moved)
      this.log(`${service}: ${from.name} → ${screen.paint('bold', to.name)}`)
    for (const { service, why } of view.failed) this.log(screen.paint('bad', `! ${service}: ${why}`))
    if (view.placed > 0) this.log(`${plural(view.placed, 'service')} stay where they are.`)
    if (view.placed + view.moved.length + view.failed.length === 0) this.log('No service of mode single runs anywhere.')
    if (view.failed.length > 0) process.exitCode = 1
    return view
  }
}
