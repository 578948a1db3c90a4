import { Args, Flags } from '@oclif/core'
import { BatonCommand } from '../cli/command.js'
import { renderBan } from '../cli/keys-view.js'
import type { BanView } from '../node/control/control-protocol.js'

export default class Unban extends BatonCommand {
  static override summary = 'Let a node that was banned take part again, after its next start.'
  static override examples = ['<%= config.bin %> unban host-3']
  static override args = {
    node: Args.string({ description: 'its name when it was banned, or its id', required: true }),
  }
  static override flags = {
    force: Flags.boolean({ description: 'also where no majority of the voters can hear of it', default: false }),
  }

  async run(): Promise<BanView> {
    const { args, flags } = await this.parse(Unban)
    const view = await this.client(flags).keys.unban(args.node, flags.force)
    this.log(renderBan(view, this.screen()).join('\n'))
    return view
  }
}
