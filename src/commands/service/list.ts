import { BatonCommand } from '../../cli/command.js'
import { renderServices } from '../../cli/service-view.js'
import type { ServiceView } from '../../node/control/control-protocol.js'

export default class ServiceList extends BatonCommand {
  static override summary = 'List all services, who directs each and who serves it.'
  static override examples = ['<%= config.bin %> service list']

  async run(): Promise<readonly ServiceView[]> {
    const { flags } = await this.parse(ServiceList)
    const services = await this.client(flags).services()
    this.log(renderServices(services, this.screen()).join('\n'))
    return services
  }
}
