import { Args, Flags } from '@oclif/core'
import { BatonCommand } from '../cli/command.js'
import type { MoveView } from '../node/control/control-protocol.js'

export default class Move extends BatonCommand {
  static override summary = 'Have another node direct a service, with all its connections.'
  static override description =
    'Run on its present director. Established connections go on: clients notice a pause. If the other node cannot take it, nothing changes.'
  static override examples = [
    '<%= config.bin %> move web',
    { description: 'To a node of your choice:', command: '<%= config.bin %> move web --to host-2' },
  ]
  static override args = { service: Args.string({ description: 'name of the service', required: true }) }
  static override flags = {
    to: Flags.string({
      description: 'name of the node, or the beginning of its id; the next in order if not given',
      helpValue: 'NODE',
    }),
  }

  async run(): Promise<MoveView> {
    const { args, flags } = await this.parse(Move)
    const view = await this.client(flags).move(args.service, flags.to === undefined ? {} : { to: flags.to })
    const screen = this.screen()
    const name = (text: string) => screen.paint('bold', text)
    this.log(
      `${name(view.to.name)} directs ${view.service} now; ${view.from.name} gave it up ${Math.round(view.ms)} ms before.`,
    )
    return view
  }
}
