import { Args, Flags } from '@oclif/core'
import { BatonError } from '../../base/errors.js'
import { ASSIGNMENT_FLAG_NAMES, ASSIGNMENT_FLAGS } from '../../cli/assignment-words.js'
import { renderAssignment } from '../../cli/choice-view.js'
import { BatonCommand } from '../../cli/command.js'
import { serviceFlags } from '../../cli/flags.js'
import { hang } from '../../cli/text.js'
import type { AssignmentWritten } from '../../node/control/control-protocol.js'

export default class ServiceNode extends BatonCommand {
  static override summary =
    'Say what a node does for a service: serve or not, direct or not, and how much it is preferred.'
  static override description =
    'What is not named stays as it is. New connections follow at once; a node that directs and is not to any more hands over with all connections. `baton service show` has the outcome.'
  static override examples = [
    {
      description: 'Three times as many connections:',
      command: '<%= config.bin %> service node web host-2 --weight 3',
    },
    {
      description: 'Only when all others are gone:',
      command: '<%= config.bin %> service node web host-3 --priority 0',
    },
    { description: 'A director that serves nothing:', command: '<%= config.bin %> service node web host-1 --serve no' },
    { description: 'A server that never directs:', command: '<%= config.bin %> service node web host-2 --direct no' },
  ]
  static override args = {
    service: Args.string({ description: 'name of the service', required: true }),
    node: Args.string({ description: 'name of the node, or the beginning of its id', required: true }),
  }
  static override flags = {
    serve: Flags.string({ description: 'whether its programs get connections', options: ['yes', 'no'] }),
    direct: Flags.string({ description: 'whether it may direct the service', options: ['yes', 'no'] }),
    priority: Flags.string({
      description: 'selection priority: a lower one serves only where no higher one can (1)',
      helpValue: '0-255',
    }),
    weight: Flags.string({
      description: 'selection weight: connections in a row, or its share; 0: no new ones (1)',
      helpValue: '0-1000',
    }),
    'router-priority': Flags.string({
      description: 'the highest that lives directs; own: as `baton up --priority` has it',
      helpValue: '0-255',
    }),
    force: serviceFlags.force,
  }

  async run(): Promise<AssignmentWritten> {
    const { args, flags } = await this.parse(ServiceNode)
    const fields: Record<string, string> = {}
    for (const flag of ASSIGNMENT_FLAG_NAMES) {
      const value = flags[flag]
      if (value !== undefined) fields[ASSIGNMENT_FLAGS[flag]] = value
    }
    if (Object.keys(fields).length === 0) {
      const hint = 'baton service node --help shows what can be'
      throw new BatonError('ERR_USAGE', 'nothing to change is named', { hint })
    }
    const written = await this.client(flags).assign(args.service, args.node, { fields, force: flags.force })
    const screen = this.screen()
    const notes = written.notes.flatMap((note) => hang('  note: ', note, screen.width))
    this.log([renderAssignment(written.service, written.assignment), ...notes].join('\n'))
    return written
  }
}
