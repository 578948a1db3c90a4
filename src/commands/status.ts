import { BatonCommand } from '../cli/command.js'
import { watchFlag } from '../cli/flags.js'
import { renderStatus } from '../cli/status-view.js'
import type { StatusView } from '../node/control/control-protocol.js'

export default class Status extends BatonCommand {
  static override summary = 'Show the cluster on one screen: nodes, services, who directs what, and what is wrong.'
  static override description = 'All of it is as the local node sees it; exit code 3 if that does not run.'
  static override examples = [
    '<%= config.bin %> status',
    '<%= config.bin %> status --watch',
    {
      description: 'Names of nodes that are down:',
      command: `<%= config.bin %> status --json | jq -r '.members[] | select(.state == "down").name'`,
    },
  ]
  static override flags = { watch: watchFlag }

  async run(): Promise<StatusView | undefined> {
    const { flags } = await this.parse(Status)
    const client = this.client(flags)
    if (this.jsonEnabled()) return client.status()
    await this.show(flags.watch, async () => renderStatus(await client.status(), this.screen()))
    return undefined
  }
}
