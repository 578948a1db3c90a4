import { Flags } from '@oclif/core'
import { BatonCommand } from '../../cli/command.js'
import { renderKeysChanged } from '../../cli/keys-view.js'
import { readSecretFile } from '../../cli/secret-file.js'
import type { KeysChanged } from '../../node/control/control-protocol.js'

export default class KeysAdd extends BatonCommand {
  static override summary = 'Add a key to the ring of every node; nothing is sealed with it yet.'
  static override description =
    'The first step of a rotation: all nodes get the key over their links and say that they hold it. `baton keys use` is the second, `baton keys remove` of the old one the third; `baton keys rotate` does all three.'
  static override examples = [
    '<%= config.bin %> keys add',
    { description: 'One that was made elsewhere:', command: '<%= config.bin %> keys add --key-file -' },
  ]
  static override flags = {
    'key-file': Flags.string({
      description: 'take the key from a file instead of making one; - reads standard input',
      helpValue: 'FILE',
    }),
    force: Flags.boolean({ description: 'also where no majority of the voters can hear of it', default: false }),
  }

  async run(): Promise<KeysChanged> {
    const { flags } = await this.parse(KeysAdd)
    const file = flags['key-file']
    const key = file === undefined ? {} : { key: readSecretFile(file).text.trim() }
    const view = await this.client(flags).keys.add({ ...key, force: flags.force })
    this.log(renderKeysChanged('added', view, this.screen()).join('\n'))
    if (view.waiting.length > 0) process.exitCode = 1
    return view
  }
}
