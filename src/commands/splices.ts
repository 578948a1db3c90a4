import { Flags } from '@oclif/core'
import { BatonCommand } from '../cli/command.js'
import { watchFlag } from '../cli/flags.js'
import { renderSplices } from '../cli/splices-view.js'
import type { SplicesView } from '../node/control/control-protocol.js'
import { SPLICES_LIMIT_DEFAULT, SPLICES_LIMIT_MAX } from '../node/control/control-socket.js'

export default class Splices extends BatonCommand {
  static override summary = 'List the connections that pass through this node: both legs, age, idle time, bytes.'
  static override description =
    'A splice is a client connection joined to a backend connection. This node knows those that it directs and those that its own programs serve; oldest first. A wide terminal shows more columns.'
  static override examples = [
    '<%= config.bin %> splices',
    '<%= config.bin %> splices --service web --watch',
    {
      description: 'Clients that have been silent for a minute:',
      command: `<%= config.bin %> splices --limit 10000 --json | jq -r '.splices[] | select(.idleMs > 60000).client.from'`,
    },
  ]
  static override flags = {
    service: Flags.string({ description: 'only those of one service', helpValue: 'NAME' }),
    limit: Flags.integer({
      description: 'show at most so many',
      helpValue: 'N',
      default: SPLICES_LIMIT_DEFAULT,
      min: 1,
      max: SPLICES_LIMIT_MAX,
    }),
    survivable: Flags.boolean({
      description: 'say of each whether it would live on if its director died now, and if not, why',
      default: false,
    }),
    watch: watchFlag,
  }

  async run(): Promise<SplicesView | undefined> {
    const { flags } = await this.parse(Splices)
    const { service, limit } = flags
    const client = this.client(flags)
    const ask = () => client.splices(service === undefined ? { limit } : { service, limit })
    if (this.jsonEnabled()) return ask()
    await this.show(flags.watch, async () => renderSplices(await ask(), this.screen(), service, flags.survivable))
    return undefined
  }
}
