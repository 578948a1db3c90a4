import { Args } from '@oclif/core'
import { BatonCommand } from '../cli/command.js'
import { renderWhy } from '../cli/why-view.js'
import type { WhyView } from '../node/control/control-protocol.js'

export default class Why extends BatonCommand {
  static override summary = 'Explain why a node directs a service, or why none does.'
  static override description = 'Says who could direct it instead, in which order, and how the voters answered.'
  static override examples = ['<%= config.bin %> why web']
  static override args = { service: Args.string({ description: 'name of the service', required: true }) }

  async run(): Promise<WhyView> {
    const { args, flags } = await this.parse(Why)
    const view = await this.client(flags).why(args.service)
    this.log(renderWhy(view, this.screen()))
    return view
  }
}
