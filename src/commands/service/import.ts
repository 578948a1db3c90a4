import { Args, Flags } from '@oclif/core'
import { BatonError } from '../../base/errors.js'
import { BatonCommand } from '../../cli/command.js'
import { FileFault } from '../../cli/file-fault.js'
import { serviceFlags } from '../../cli/flags.js'
import { renderImport } from '../../cli/import-view.js'
import { flagOf } from '../../cli/service-words.js'
import { hang } from '../../cli/text.js'
import type {
  DeclaredService,
  FileProblemView,
  ImportProblem,
  ImportView,
} from '../../node/control/control-protocol.js'

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
    {
      description: 'From a TruCluster:',
      command: '<%= config.bin %> service import --clua clua_services --address 10.0.0.100 --dry-run',
    },
  ]
  static override args = { file: Args.string({ description: 'the file; -: standard input' }) }
  static override flags = {
    clua: Flags.string({
      description: "TruCluster's clua_services, in place of FILE; the address of the alias is told with --address",
      helpValue: 'FILE',
    }),
    address: Flags.string({ description: 'for --clua: the address of the cluster alias', helpValue: 'IP' }),
    'dry-run': Flags.boolean({ description: 'only show what would change', default: false }),
    prune: Flags.boolean({ description: 'remove services that the file does not name', default: false }),
    force: serviceFlags.force,
  }

  async run(): Promise<ImportView> {
    const { args, flags } = await this.parse(ServiceImport)
    const { file, services, locate, notes } =
      flags.clua === undefined ? await declaredIn(args.file) : await registeredIn(flags.clua, flags.address, args.file)
    const view = await this.client(flags).importServices({
      services,
      prune: flags.prune,
      dryRun: flags['dry-run'],
      force: flags.force ?? false,
    })
    if (view.problems.length > 0) {
      throw new FileFault('ERR_IMPORT_CONFLICT', file, view.problems.map(locate))
    }
    const screen = this.screen()
    this.log([renderImport(view, screen), ...notes.flatMap((note) => hang('  note: ', note, screen.width))].join('\n'))
    return view
  }
}

interface Source {
  readonly file: string
  readonly services: readonly DeclaredService[]
  readonly locate: (problem: ImportProblem) => FileProblemView
  readonly notes: readonly string[]
}

async function declaredIn(file: string | undefined): Promise<Source> {
  if (file === undefined) {
    const hint = 'baton service import services.yaml, or --clua FILE'
    throw new BatonError('ERR_USAGE', 'no file is named', { hint })
  }
  const { loadConfigFile } = await import('../../cli/config-source.js')
  const { services, locate } = await loadConfigFile(file)
  if (services !== undefined) return { file, services, locate, notes: [] }
  const problem = 'the file names no services: nothing to import'
  throw new FileFault('ERR_FILE_INVALID', file, [{ line: 1, column: 1, problem }])
}

async function registeredIn(file: string, address: string | undefined, other: string | undefined): Promise<Source> {
  if (other !== undefined) throw new BatonError('ERR_USAGE', `two files are named: ${other} and ${file}`)
  if (address === undefined) {
    const hint = '--address IP: the address that the cluster alias had, or another that no host has'
    throw new BatonError('ERR_USAGE', 'the address of the alias is not named: the file does not have it', { hint })
  }
  const { loadCluaFile } = await import('../../cli/config-source.js')
  const { services, notes, lines } = await loadCluaFile(file, address)
  const locate = ({ service, field, problem, hint }: ImportProblem): FileProblemView => {
    return { line: lines.get(service) ?? 1, column: 1, problem: `${service}: ${flagOf(field)} ${problem}`, hint }
  }
  return { file, services, locate, notes }
}
