import { Args, Flags } from '@oclif/core'
import { BatonCommand } from '../../cli/command.js'
import { FileFault } from '../../cli/file-fault.js'
import { serviceFlags } from '../../cli/flags.js'
import { renderImport } from '../../cli/import-view.js'
import type { ImportView } from '../../node/control-protocol.js'

export default class ServiceImport extends BatonCommand {
  static override summary = 'Bring the services to what a file says; show what changes, word by word.'
  static override description =
    'The file is what `baton service export` writes, or the one of `baton up --config`, of which only `services` is read. Fields that it does not name stay, or have their default. If anything is wrong, all of it is told and nothing is written.'
  static override examples = [
    '<%= config.bin %> service import services.yaml --dry-run',
    '<%= config.bin %> service import services.yaml',
    {
      description: 'And remove the services that the file does not name:',
      command: '<%= config.bin %> service import services.yaml --prune',
    },
  ]
  static override args = { file: Args.string({ description: 'the file; -: standard input', required: true }) }
  static override flags = {
    'dry-run': Flags.boolean({ description: 'only show what would change', default: false }),
    prune: Flags.boolean({ description: 'remove services that the file does not name', default: false }),
    force: serviceFlags.force,
  }

  async run(): Promise<ImportView> {
    const { args, flags } = await this.parse(ServiceImport)
    const { loadConfigFile } = await import('../../cli/config-source.js')
    const { services, locate } = await loadConfigFile(args.file)
    if (services === undefined) {
      const problem = 'the file names no services: nothing to import'
      throw new FileFault('ERR_FILE_INVALID', args.file, [{ line: 1, column: 1, problem }])
    }
    const view = await this.client(flags).importServices({
      services,
      prune: flags.prune,
      dryRun: flags['dry-run'],
      force: flags.force ?? false,
    })
    if (view.problems.length > 0) {
      throw new FileFault('ERR_IMPORT_CONFLICT', args.file, view.problems.map(locate))
    }
    this.log(renderImport(view, this.screen()))
    return view
  }
}
