import { Args } from '@oclif/core'
import { BatonCommand } from '../../cli/command.js'

export default class ServiceRm extends BatonCommand {
  static override summary = 'Remove a service from the cluster. Its connections are ended.'
  static override examples = ['<%= config.bin %> service rm web']
  static override args = { name: Args.string({ description: 'name of the service', required: true }) }

  async run(): Promise<{ removed: string }> {
    const { args, flags } = await this.parse(ServiceRm)
    await this.client(flags).removeService(args.name)
    this.log(`${this.screen().paint('good', 'removed')} service ${args.name}`)
    return { removed: args.name }
  }
}
