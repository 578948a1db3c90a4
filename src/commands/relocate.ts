import { Args, Flags } from '@oclif/core'
import { BatonCommand } from '../cli/command.js'
import { formatSetting } from '../cli/units.js'
import type { RelocateView } from '../node/control/control-protocol.js'

export default class Relocate extends BatonCommand {
  static override summary = 'Have the program of a service of mode single run on another node.'
  static override description =
    'It is stopped where it runs, and started there once that is known to be done. Run on any node. Refused where the other node may not host it or lacks a service that it requires; if it cannot be stopped it stays.'
  static override examples = [
    '<%= config.bin %> relocate postgres',
    { description: 'To a node of your choice:', command: '<%= config.bin %> relocate postgres --to host-2' },
  ]
  static override args = { service: Args.string({ description: 'name of the service', required: true }) }
  static override flags = {
    to: Flags.string({
      description: 'name of the node, or the beginning of its id; the best placed if not given',
      helpValue: 'NODE',
    }),
  }

  async run(): Promise<RelocateView> {
    const { args, flags } = await this.parse(Relocate)
    const view = await this.client(flags).relocate(args.service, flags.to === undefined ? {} : { to: flags.to })
    const screen = this.screen()
    const to = screen.paint('bold', view.to.name)
    this.log(
      `${view.service} runs on ${to} now; it left ${view.from.name} within ${formatSetting(Math.round(view.ms))}.`,
    )
    return view
  }
}
