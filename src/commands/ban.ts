import { Args, Flags } from '@oclif/core'
import { BatonCommand } from '../cli/command.js'
import { renderBan } from '../cli/keys-view.js'
import type { BanView } from '../node/control/control-protocol.js'

export default class Ban extends BatonCommand {
  static override summary = 'Shut a node out of the cluster: links are cut and refused, its vote is removed.'
  static override description =
    'By its name, or by its id where nobody has met it. Remembered by every node. A banned node still knows the key of the cluster: --rotate puts a new one in the place of all others, and the banned node does not get it. Where keys that it knows have to stay, or the rotation is refused, that is said, and the exit code is 1; the ban holds all the same. `baton keys list` shows who is banned, `baton unban` undoes it.'
  static override examples = [
    '<%= config.bin %> ban host-3 --rotate',
    '<%= config.bin %> ban 3be10c9d3be10c9d3be10c9d3be10c9d',
  ]
  static override args = { node: Args.string({ description: 'name of the node, or its id', required: true }) }
  static override flags = {
    rotate: Flags.boolean({ description: 'and rotate the keys of the cluster', default: false }),
    force: Flags.boolean({ description: 'also where those that stay are no majority', default: false }),
  }

  async run(): Promise<BanView> {
    const { args, flags } = await this.parse(Ban)
    const { rotate, force } = flags
    const view = await this.client(flags).keys.ban({ node: args.node, rotate, force })
    this.log(renderBan(view, this.screen()).join('\n'))
    const { rotationRefused, knownKeys = [] } = view
    const isOpen = rotationRefused !== undefined || knownKeys.length > 0
    if (view.waiting.length > 0 || view.seat === 'remains' || isOpen) process.exitCode = 1
    return view
  }
}
