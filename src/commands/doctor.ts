import { BatonCommand } from '../cli/command.js'
import { renderDoctor } from '../cli/doctor-view.js'
import type { DoctorReport } from '../node/doctor.io.js'

export default class Doctor extends BatonCommand {
  static override summary = 'What this host can do for Baton, what it cannot, and how to get it.'
  static override description =
    'Looks with the rights of whoever runs it, and changes nothing. Exit code 0 if this host can own addresses of services, 1 if not.'
  static override examples = ['<%= config.bin %> doctor', 'sudo -u baton <%= config.bin %> doctor --json']

  async run(): Promise<DoctorReport> {
    await this.parse(Doctor)
    const { consultDoctor, isFit } = await import('../node/doctor.io.js')
    const report = await consultDoctor()
    this.log(renderDoctor(report, this.screen()))
    if (!isFit(report.findings)) process.exitCode = 1
    return report
  }
}
