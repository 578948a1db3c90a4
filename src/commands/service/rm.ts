import { Args, Flags } from '@oclif/core'
import { BatonCommand } from '../../cli/command.js'

export default class ServiceRm extends BatonCommand {
  static override summary = 'Remove a service from the cluster. Its connections are ended.'
  static override examples = ['<%= config.bin %> service rm web']
  static override args = { name: Args.string({ description: 'name of the service', required: true }) }

  static override flags = {
    force: Flags.boolean({ description: 'also where no majority of the voters can hear of it', default: false }),
  }

  async run(): Promise<{ removed: string }> {
    const { args, flags } = await this.parse(ServiceRm)
    await this.client(flags).removeService(args.name, flags.force)
    this.log(`${this.screen().paint('good', 'removed')} service ${args.name}`)
    return { removed: args.name }
  }
}
