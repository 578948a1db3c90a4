import path from 'node:path'
import { Flags } from '@oclif/core'
import { BatonCommand } from '../cli/command.js'
import { type Installation, planInstallation, removeInstallation, writeInstallation } from '../cli/installation.js'
import { STATE_FOLDER } from '../cli/systemd-unit.js'

export default class Install extends BatonCommand {
  static override summary =
    'Install a systemd unit that runs the node as a user of its own, with just the rights that it needs.'
  static override description =
    'Nothing is started. A file that was changed by hand is not overwritten. `--print` shows what would be written, and why each right is there.'
  static override examples = [
    '<%= config.bin %> install --print',
    'sudo <%= config.bin %> install',
    'sudo <%= config.bin %> install --uninstall',
  ]
  static override flags = {
    print: Flags.boolean({ description: 'show the files, write nothing', exclusive: ['uninstall'] }),
    uninstall: Flags.boolean({ description: 'stop the service and remove what was written; the state folder stays' }),
    force: Flags.boolean({ description: 'overwrite files that were changed' }),
  }

  async run(): Promise<Installation> {
    const { flags } = await this.parse(Install)
    const plan = planInstallation(path.join(this.config.root, 'bin', 'baton.js'))
    if (flags.print) {
      for (const file of plan.files) this.log(`# ${file.path}\n${file.text}`)
      for (const note of plan.notes) this.logToStderr(`Note:  ${note}`)
    } else if (flags.uninstall) {
      const { removed, problems } = removeInstallation(plan)
      const words = removed.length === 0 ? ['nothing was installed'] : removed.map((file) => `removed ${file}`)
      this.log([...words, ...problems].join('\n'))
    } else {
      const problems = writeInstallation(plan, flags.force)
      this.log([...plan.files.map((file) => `wrote ${file.path}`), ...problems, ...plan.notes, '', ...NEXT].join('\n'))
    }
    return plan
  }
}

const NEXT = [
  'Next, on the first host, and on the others with its key (--key-file -):',
  `  sudo -u baton baton init --state ${STATE_FOLDER}`,
  '  sudo systemctl enable --now baton',
]
