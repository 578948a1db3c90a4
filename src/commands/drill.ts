import { Args, Flags } from '@oclif/core'
import { BatonError } from '../base/errors.js'
import { BatonCommand } from '../cli/command.js'
import { confirm } from '../cli/confirm.js'
import { renderDrillPlan, renderDrillReport } from '../cli/drill-view.js'
import { type DrillReport, FAULTS } from '../node/control/drill-protocol.js'

export default class Drill extends BatonCommand {
  static override summary =
    'Have the director of a service fail, and see which connections live on and how long it is dark.'
  static override description =
    'Says first what it will do and who would live on, and asks. The fault is real. Run it on any node but the director: the order goes there. Refused where nobody could take over, or the voters would be too few. The last one is in `baton service show`. Exit code 1 if nobody serves afterwards.'
  static override examples = [
    '<%= config.bin %> drill web',
    { description: 'Longer than its lease, and then it wakes:', command: '<%= config.bin %> drill web --fault pause' },
    { description: 'From a script:', command: '<%= config.bin %> drill web --yes --json | jq .verdicts' },
  ]
  static override args = { service: Args.string({ description: 'name of the service', required: true }) }
  static override flags = {
    fault: Flags.option({
      options: FAULTS,
      description: 'SIGKILL to the director; SIGSTOP for longer than its lease; or a planned move',
      default: 'kill' as const,
    })(),
    yes: Flags.boolean({ description: 'do not ask', default: false }),
  }

  async run(): Promise<DrillReport> {
    const { args, flags } = await this.parse(Drill)
    const client = this.client(flags)
    const plan = await client.drillPlan(args.service, flags.fault)
    const screen = this.screen()
    this.log(`${renderDrillPlan(plan, screen)}\n`)
    if (!flags.yes && !(await confirm('Do it now?')))
      throw new BatonError('ERR_ABORTED', 'nothing was done', { hint: '--yes does not ask' })
    const report = await client.drill(args.service, { fault: flags.fault, term: plan.term })
    this.log(renderDrillReport(report, screen))
    if (report.to === null || report.servingMs === null) process.exitCode = 1
    return report
  }
}
