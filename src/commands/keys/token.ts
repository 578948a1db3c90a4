import { BatonCommand } from '../../cli/command.js'
import type { TokenView } from '../../node/control/control-protocol.js'

export default class KeysToken extends BatonCommand {
  static override summary =
    'Print the line to paste on the next host: a token with the current key, and where nodes are.'
  static override description = 'A secret: who has it can join, until its key is removed from the ring.'
  static override examples = [
    '<%= config.bin %> keys token',
    {
      description: 'By another way than the clipboard:',
      command: 'ssh first-host baton keys token | <%= config.bin %> up --token -',
    },
  ]

  async run(): Promise<TokenView> {
    const { flags } = await this.parse(KeysToken)
    const view = await this.client(flags).keys.token()
    // On a pipe the token alone, for the next command; nobody pastes from there.
    this.log(process.stdout.isTTY ? `echo ${view.token} | baton up --token -` : view.token)
    return view
  }
}
