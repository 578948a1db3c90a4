import { Flags } from '@oclif/core'
import { BatonCommand } from '../../cli/command.js'
import { renderRotation } from '../../cli/keys-view.js'
import type { RotationView } from '../../node/control/control-protocol.js'

export default class KeysRotate extends BatonCommand {
  static override summary = 'A new key in the place of all others: add, use and remove, each when all have confirmed.'
  static override description =
    'At no moment are there two nodes that cannot speak. Where a member is down that may have no other key, the old ones stay; --force removes them, and that member needs the new one then (`baton up --token`).'
  static override examples = ['<%= config.bin %> keys rotate']
  static override flags = {
    force: Flags.boolean({
      description: 'without a majority, and whoever is left behind',
      default: false,
    }),
  }

  async run(): Promise<RotationView> {
    const { flags } = await this.parse(KeysRotate)
    const view = await this.client(flags).keys.rotate(flags.force)
    this.log(renderRotation(view, this.screen()).join('\n'))
    if (view.kept.length > 0) process.exitCode = 1
    return view
  }
}
