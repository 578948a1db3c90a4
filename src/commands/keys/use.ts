import { Args, Flags } from '@oclif/core'
import { BatonCommand } from '../../cli/command.js'
import { renderKeysChanged } from '../../cli/keys-view.js'
import type { KeysChanged } from '../../node/control/control-protocol.js'

export default class KeysUse extends BatonCommand {
  static override summary = 'Have every node seal with a key of the ring. What the others seal is opened as before.'
  static override description = 'Refused while a node that lives has not said that it holds the key.'
  static override examples = ['<%= config.bin %> keys use 3f9a0c11']
  static override args = { id: Args.string({ description: 'id of the key, or its beginning', required: true }) }
  static override flags = {
    force: Flags.boolean({
      description: 'also where a node lacks it, which then hears nobody; also without a majority',
      default: false,
    }),
  }

  async run(): Promise<KeysChanged> {
    const { args, flags } = await this.parse(KeysUse)
    const view = await this.client(flags).keys.use(args.id, flags.force)
    this.log(renderKeysChanged('used', view, this.screen()).join('\n'))
    if (view.waiting.length > 0) process.exitCode = 1
    return view
  }
}
