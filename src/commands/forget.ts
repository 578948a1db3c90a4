import { Args, Flags } from '@oclif/core'
import { BatonCommand } from '../cli/command.js'
import { renderDeparture } from '../cli/departure-view.js'
import type { DepartureView } from '../node/control/control-protocol.js'

export default class Forget extends BatonCommand {
  static override strict = false
  static override summary = 'Give up nodes that will not come back, so that their votes are not waited for.'
  static override description =
    'A majority of the voters must agree. With --force this voter alone decides: if one of the nodes still runs, and others follow it, two may direct the same service until they meet again.'
  static override examples = [
    '<%= config.bin %> forget host-3',
    { description: 'Two of three hosts burned down:', command: '<%= config.bin %> forget host-2 host-3 --force' },
  ]
  static override args = { node: Args.string({ description: 'names, or the beginnings of ids', required: true }) }
  static override flags = {
    force: Flags.boolean({
      description: 'without a majority: only when you know that these nodes are gone',
      default: false,
    }),
  }

  async run(): Promise<DepartureView> {
    const { argv, flags } = await this.parse(Forget)
    const nodes = argv.filter((word): word is string => typeof word === 'string')
    const view = await this.client(flags).forget({ nodes, force: flags.force })
    this.log(renderDeparture('forgotten', view, this.screen()).join('\n'))
    return view
  }
}
