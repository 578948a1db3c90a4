import { Args } from '@oclif/core'
import { BatonCommand } from '../../cli/command.js'
import { renderService } from '../../cli/service-view.js'
import type { ServiceView } from '../../node/control/control-protocol.js'

export default class ServiceShow extends BatonCommand {
  static override summary = 'Show one service: its settings, its director and its backends.'
  static override examples = ['<%= config.bin %> service show web']
  static override args = { name: Args.string({ description: 'name of the service', required: true }) }

  async run(): Promise<ServiceView> {
    const { args, flags } = await this.parse(ServiceShow)
    const service = await this.client(flags).service(args.name)
    this.log(renderService(service, this.screen(), Date.now()).join('\n'))
    return service
  }
}
