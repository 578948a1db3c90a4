import { BatonCommand } from '../cli/command.js'

export default class Metrics extends BatonCommand {
  static override summary = 'Print what this node measures, in the text format of Prometheus.'
  static override description =
    'The same as GET /metrics on its control socket. For a collector of text files, write it to one from a timer.'
  static override examples = [
    '<%= config.bin %> metrics',
    {
      description: 'Connections that would not outlive their director:',
      command: '<%= config.bin %> metrics | grep ^baton_splices_mortal',
    },
  ]

  async run(): Promise<{ readonly text: string }> {
    const { flags } = await this.parse(Metrics)
    const text = await this.client(flags).metrics()
    if (!this.jsonEnabled()) process.stdout.write(text)
    return { text }
  }
}
