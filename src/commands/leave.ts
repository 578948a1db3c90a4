import { BatonCommand } from '../cli/command.js'
import { renderDeparture } from '../cli/departure-view.js'
import type { DepartureView } from '../node/control/control-protocol.js'

export default class Leave extends BatonCommand {
  static override summary = 'Take this node out of its cluster for good, and stop it.'
  static override description =
    'Hands over what it directs and gives up its vote, for which a majority of the voters must agree. To stop it for a while, end `baton up` instead: its vote stays.'
  static override examples = ['<%= config.bin %> leave']

  async run(): Promise<DepartureView> {
    const { flags } = await this.parse(Leave)
    const view = await this.client(flags).leave()
    this.log(renderDeparture('left', view, this.screen()).join('\n'))
    return view
  }
}
