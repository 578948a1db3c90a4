import { Args } from '@oclif/core'
import { BatonError } from '../../base/errors.js'
import { BatonCommand } from '../../cli/command.js'
import { serviceFieldsOf, serviceFlags } from '../../cli/flags.js'
import { renderWritten } from '../../cli/service-view.js'
import type { ServiceWritten } from '../../node/control/control-protocol.js'

export default class ServiceSet extends BatonCommand {
  static override summary = 'Change settings of a service; what is not named stays as it is.'
  static override description = 'New connections follow the new settings. Connections that exist keep theirs.'
  static override examples = [
    '<%= config.bin %> service set web --ports 8080,8443',
    '<%= config.bin %> service set web --proxy-protocol off --idle-timeout 0',
  ]
  static override args = { name: Args.string({ description: 'name of the service', required: true }) }
  static override flags = serviceFlags

  async run(): Promise<ServiceWritten> {
    const { args, flags } = await this.parse(ServiceSet)
    const fields = serviceFieldsOf(flags)
    if (Object.keys(fields).length === 0) {
      throw new BatonError('ERR_USAGE', 'nothing to change is named', {
        hint: 'baton service set --help shows what can be',
      })
    }
    const write = { mode: 'set' as const, fields, force: flags.force }
    const written = await this.client(flags).writeService(args.name, write)
    this.log(renderWritten('changed', written, this.screen()).join('\n'))
    return written
  }
}
