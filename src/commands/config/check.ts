import { Args } from '@oclif/core'
import { BatonCommand } from '../../cli/command.js'
import { plural } from '../../cli/units.js'

interface Checked {
  readonly file: string
  readonly settings: readonly string[]
  readonly services: readonly string[]
}

export default class ConfigCheck extends BatonCommand {
  static override summary = 'Look for mistakes in a file for `baton up --config` or `baton service import`.'
  static override description =
    'All problems at once, each with line and column. It needs no node, and changes nothing. Exit code 0 if there is none, else 2.'
  static override examples = [
    '<%= config.bin %> config check cluster.yaml',
    { description: 'For programs:', command: '<%= config.bin %> config check cluster.yaml --json | jq .problems' },
  ]
  static override args = { file: Args.string({ description: 'the file; -: standard input', required: true }) }

  async run(): Promise<Checked> {
    const { args } = await this.parse(ConfigCheck)
    const { loadConfigFile } = await import('../../cli/config-source.js')
    const config = await loadConfigFile(args.file)
    const settings = Object.keys(config.settings)
    const services = (config.services ?? []).map(({ name }) => name)
    const found = `${plural(settings.length, 'node setting')}, ${plural(services.length, 'service')}`
    this.log(`${this.screen().paint('good', 'in order')}  ${args.file}: ${found}`)
    return { file: args.file, settings, services }
  }
}
