import { Args, Flags } from '@oclif/core'
import { BatonError } from '../base/errors.js'
import { BatonCommand } from '../cli/command.js'
import { drainEnded, liveLine, renderDrain, renderProgramDrain } from '../cli/drain-view.js'
import { parseSpan } from '../cli/units.js'
import type { DrainView, ProgramDrainView } from '../node/control/control-protocol.js'

export default class Drain extends BatonCommand {
  static override summary = 'Take a node out of service: its programs, or its part as a director.'
  static override description =
    'Programs (NODE, or SERVICE@NODE for one service): no new connections, those that stand go on until they end or the deadline comes; services of mode single run elsewhere. Director (--director): what it directs moves to other nodes with all connections, and it takes nothing. Both are remembered over a restart, and refused where nobody else is left.'
  static override examples = [
    {
      description: 'Its programs, and wait until nobody is connected:',
      command: '<%= config.bin %> drain host-2 --wait',
    },
    {
      description: 'One service there, all over in ten minutes:',
      command: '<%= config.bin %> drain web@host-2 --deadline 10m --gradual',
    },
    '<%= config.bin %> drain web@host-2 --undo',
    { description: 'This node as a director:', command: '<%= config.bin %> drain --director' },
    '<%= config.bin %> drain --director host-2 --undo',
  ]
  static override args = {
    node: Args.string({ description: 'NODE or SERVICE@NODE; with --director the node, this one if not given' }),
  }
  static override flags = {
    director: Flags.boolean({ description: 'its part as a director', default: false }),
    deadline: Flags.string({
      description: 'close what still stands after so long',
      helpValue: '10m',
      exclusive: ['director', 'undo'],
    }),
    gradual: Flags.boolean({
      description: 'close connections one after the other until the deadline',
      dependsOn: ['deadline'],
    }),
    wait: Flags.boolean({
      description: 'return when nobody is connected any more',
      exclusive: ['director', 'undo'],
    }),
    undo: Flags.boolean({ description: 'put it back', default: false }),
    force: Flags.boolean({ description: 'also where no other node serves', default: false }),
  }

  async run(): Promise<DrainView | ProgramDrainView> {
    const { args, flags } = await this.parse(Drain)
    if (flags.director) {
      const node = args.node === undefined ? {} : { node: args.node }
      const view = await this.client(flags).drain({ ...node, undo: flags.undo })
      this.log(renderDrain(view, this.screen()).join('\n'))
      if (view.still.length > 0) process.exitCode = 1
      return view
    }
    if (args.node === undefined) {
      const hint = 'baton drain NODE, baton drain SERVICE@NODE, or baton drain --director'
      throw new BatonError('ERR_USAGE', 'what is to be drained has to be said', { hint })
    }
    const at = args.node.lastIndexOf('@')
    const target = at < 0 ? { node: args.node } : { service: args.node.slice(0, at), node: args.node.slice(at + 1) }
    const client = this.client(flags)
    const { undo, force } = flags
    const gradual = flags.gradual === true
    const afterMs = deadlineOf(flags.deadline)
    let view = await client.drainPrograms({
      ...target,
      undo,
      gradual,
      force,
      ...(afterMs === undefined ? {} : { afterMs }),
    })
    if (flags.wait && !undo) {
      view = await drainEnded(
        () => client.programDrain(target.node, target.service),
        (now) => {
          if (!flags.json) this.log(liveLine(now))
        },
      )
    }
    this.log(renderProgramDrain(view, args.node, this.screen()).join('\n'))
    return view
  }
}

export function deadlineOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const span = parseSpan(text)
  if (span !== undefined) return span
  const hint = 'write a number with its unit: 30s, 10m, 1h'
  throw new BatonError('ERR_USAGE', `--deadline ${text} is no span of time`, { hint })
}
