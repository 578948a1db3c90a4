import { formatSpan } from '../base/time.js'
import { BatonCommand } from '../cli/command.js'
import type { StatusView } from '../node/control/control-protocol.js'

export default class Reload extends BatonCommand {
  static override summary = 'Have a new process take the place of the running node, with all its connections.'
  static override description =
    'The node starts its own command once more, of the release that is installed by now: an upgrade costs its clients nothing. If the new process cannot take over, the running one goes on. `baton up --replace` does the same in the foreground, with other settings.'
  static override examples = ['<%= config.bin %> reload']

  async run(): Promise<StatusView['node']> {
    const { flags } = await this.parse(Reload)
    const { node } = await this.client(flags).reload()
    const screen = this.screen()
    this.log(
      `${screen.paint('bold', node.name)} goes on in another process, baton ${node.version}, up ${formatSpan(node.upMs)}.`,
    )
    return node
  }
}
