import { Flags } from '@oclif/core'
import { BatonError } from '../base/errors.js'
import { BatonCommand } from '../cli/command.js'
import { bootstrapOf } from '../cli/discovery-flags.js'
import { renderDoctor } from '../cli/doctor-view.js'
import type { DoctorReport } from '../node/doctor/doctor.io.js'

export default class Doctor extends BatonCommand {
  static override summary = 'What this host can do for Baton, what it cannot, and how to get it.'
  static override description =
    'Looks with the rights of whoever runs it, and changes nothing. Exit code 0 if this host can own addresses of services, 1 if not.'
  static override examples = ['<%= config.bin %> doctor', 'sudo -u baton <%= config.bin %> doctor --json']
  static override flags = {
    bootstrap: Flags.string({
      description: 'also whether this bootstrap node answers here (`baton bootstrap`); may be given several times',
      helpValue: 'HOST:PORT',
      multiple: true,
    }),
  }

  async run(): Promise<DoctorReport> {
    const { flags } = await this.parse(Doctor)
    const { bootstrap, problems } = bootstrapOf(flags.bootstrap ?? [])
    if (problems.length > 0) throw new BatonError('ERR_USAGE', problems.map(({ problem }) => `--${problem}`).join('\n'))
    const { consultDoctor, isFit } = await import('../node/doctor/doctor.io.js')
    const report = await consultDoctor(bootstrap)
    this.log(renderDoctor(report, this.screen()))
    if (!isFit(report.findings)) process.exitCode = 1
    return report
  }
}
