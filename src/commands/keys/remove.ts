import { Args, Flags } from '@oclif/core'
import { BatonCommand } from '../../cli/command.js'
import { renderKeysChanged } from '../../cli/keys-view.js'
import type { KeysChanged } from '../../node/control/control-protocol.js'

export default class KeysRemove extends BatonCommand {
  static override summary = 'Remove a key from the ring of every node: who has only this one is out.'
  static override description =
    'Refused while it is the current one anywhere, and while a member that is down may have no other.'
  static override examples = ['<%= config.bin %> keys remove 77c2e4d0']
  static override args = { id: Args.string({ description: 'id of the key, or its beginning', required: true }) }
  static override flags = {
    force: Flags.boolean({
      description: 'also where a member that is down may have no other; also without a majority',
      default: false,
    }),
  }

  async run(): Promise<KeysChanged> {
    const { args, flags } = await this.parse(KeysRemove)
    const view = await this.client(flags).keys.remove(args.id, flags.force)
    this.log(renderKeysChanged('removed', view, this.screen()).join('\n'))
    if (view.waiting.length > 0) process.exitCode = 1
    return view
  }
}
