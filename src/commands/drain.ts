import { Args, Flags } from '@oclif/core'
import { BatonError } from '../base/errors.js'
import { BatonCommand } from '../cli/command.js'
import { renderDrain } from '../cli/drain-view.js'
import type { DrainView } from '../node/control-protocol.js'

export default class Drain extends BatonCommand {
  static override summary = 'Have a node give away all that it directs, and take nothing until further notice.'
  static override description =
    'Before its host is worked on. What it directs moves to other nodes with all connections; the node remembers over a restart, goes on voting, and its programs go on serving. Refused where nobody else could direct.'
  static override examples = [
    { description: 'This node:', command: '<%= config.bin %> drain --director' },
    { description: 'Another, from here:', command: '<%= config.bin %> drain --director host-2' },
    '<%= config.bin %> drain --director host-2 --undo',
  ]
  static override args = {
    node: Args.string({ description: 'name of the node, or the beginning of its id; this one if not given' }),
  }
  static override flags = {
    director: Flags.boolean({ description: 'its part as a director', default: false }),
    undo: Flags.boolean({ description: 'it may direct again', default: false }),
  }

  async run(): Promise<DrainView> {
    const { args, flags } = await this.parse(Drain)
    if (!flags.director) {
      const hint = `baton drain --director${args.node === undefined ? '' : ` ${args.node}`}`
      throw new BatonError('ERR_USAGE', 'what is to be drained has to be said: --director', { hint })
    }
    const node = args.node === undefined ? {} : { node: args.node }
    const view = await this.client(flags).drain({ ...node, undo: flags.undo })
    this.log(renderDrain(view, this.screen()).join('\n'))
    if (view.still.length > 0) process.exitCode = 1
    return view
  }
}
