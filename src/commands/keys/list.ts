import { Flags } from '@oclif/core'
import { BatonCommand } from '../../cli/command.js'
import { renderKeys } from '../../cli/keys-view.js'
import type { KeysView } from '../../node/control/control-protocol.js'

export default class KeysList extends BatonCommand {
  static override summary = 'The keys of the cluster: which is used, when each was added, who holds it.'
  static override description =
    'Keys go by an id that tells nothing of them. Whoever has one of them can join the cluster; --reveal prints them.'
  static override examples = ['<%= config.bin %> keys list', '<%= config.bin %> keys list --json']
  static override flags = {
    reveal: Flags.boolean({ description: 'with the keys themselves: they are secrets', default: false }),
  }

  async run(): Promise<KeysView> {
    const { flags } = await this.parse(KeysList)
    const view = await this.client(flags).keys.list(flags.reveal)
    this.log(renderKeys(view, Date.now(), this.screen()).join('\n'))
    return view
  }
}
