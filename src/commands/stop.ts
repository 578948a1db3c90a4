import { Flags } from '@oclif/core'
import { BatonCommand } from '../cli/command.js'
import { drainEnded, liveLine } from '../cli/drain-view.js'
import type { DepartureView, StoppingView } from '../node/control/control-protocol.js'
import { deadlineOf } from './drain.js'

export default class Stop extends BatonCommand {
  static override summary = 'Stop this node without any client noticing: drain its programs, move what it directs, end.'
  static override description =
    'New connections go to programs of other nodes; when those that stand have ended (or at the deadline), services of mode single run elsewhere, what it directs moves with all connections, and the process ends. Started again it is as before. Ctrl-C while it waits leaves it drained until then, or until `baton drain NODE --undo`.'
  static override examples = [
    '<%= config.bin %> stop',
    {
      description: 'At the latest in ten minutes, without a rush of clients:',
      command: '<%= config.bin %> stop --deadline 10m --gradual',
    },
    { description: 'For good, as `baton leave`:', command: '<%= config.bin %> stop --leave' },
  ]
  static override flags = {
    deadline: Flags.string({ description: 'close what still stands after so long', helpValue: '10m' }),
    gradual: Flags.boolean({
      description: 'close connections one after the other until the deadline',
      dependsOn: ['deadline'],
    }),
    leave: Flags.boolean({ description: 'give up its vote and its membership as well', default: false }),
    force: Flags.boolean({ description: 'also where no other node serves', default: false }),
  }

  async run(): Promise<StoppingView | DepartureView> {
    const { flags } = await this.parse(Stop)
    const client = this.client(flags)
    const { force } = flags
    const gradual = flags.gradual === true
    const afterMs = deadlineOf(flags.deadline)
    const deadline = afterMs === undefined ? {} : { afterMs }
    await client.drainPrograms({ undo: false, thisLife: true, gradual, force, ...deadline })
    await drainEnded(
      () => client.programDrain(undefined, undefined),
      (now) => {
        if (!flags.json) this.log(liveLine(now))
      },
    )
    const view = flags.leave ? await client.leave() : await client.stop()
    this.log(
      flags.leave ? 'It has left, and ends.' : 'It takes nothing any more, gives away what it directs, and ends.',
    )
    return view
  }
}
