import { Flags } from '@oclif/core'
import { renderAudit } from '../cli/audit-view.js'
import { BatonCommand } from '../cli/command.js'
import type { AuditView } from '../node/control/control-protocol.js'

export default class Audit extends BatonCommand {
  static override summary = 'Who has had this node change something, when, and what came of it.'
  static override description =
    'From audit.log in the state folder, the latest last. Who it was is what the kernel says of the socket. Each node keeps its own.'
  static override examples = ['<%= config.bin %> audit', '<%= config.bin %> audit --last 500 --json']
  static override flags = {
    last: Flags.integer({ description: 'how many', default: 50, min: 1, max: 10_000, helpValue: 'N' }),
  }

  async run(): Promise<AuditView> {
    const { flags } = await this.parse(Audit)
    const view = await this.client(flags).audit(flags.last)
    this.log(renderAudit(view, this.screen()).join('\n'))
    return view
  }
}
