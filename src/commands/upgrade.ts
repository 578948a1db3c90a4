import { Flags } from '@oclif/core'
import { BatonError } from '../base/errors.js'
import { BatonCommand } from '../cli/command.js'
import { planUpgrade, type UpgradePlan } from '../cli/upgrade-plan.js'
import { renderUpgrade } from '../cli/upgrade-view.js'

export default class Upgrade extends BatonCommand {
  static override summary =
    'Whether the nodes of the cluster can take this release, in which order, and what waits for the last.'
  static override description =
    'Asks the running node, of whatever release it is, with the release that is installed by now; changes nothing. Exit code 0 if nothing is in the way, 1 if something is.'
  static override examples = [
    '<%= config.bin %> upgrade --check',
    {
      description: 'Of a script that upgrades one node after the other:',
      command: '<%= config.bin %> upgrade --check --json | jq -r \'.nodes[] | select(.state == "due").name\'',
    },
  ]
  static override flags = {
    check: Flags.boolean({ description: 'look, and change nothing', default: false }),
  }

  async run(): Promise<UpgradePlan> {
    const { flags } = await this.parse(Upgrade)
    if (!flags.check) {
      const hint = 'say --check; then install the release on each node, and `baton reload` there'
      throw new BatonError('ERR_USAGE', 'Baton installs nothing by itself', { hint })
    }
    const plan = planUpgrade(await this.client(flags).status(), this.config.version)
    this.log(renderUpgrade(plan, this.screen()).join('\n'))
    if (plan.verdict === 'blocked') process.exitCode = 1
    return plan
  }
}
