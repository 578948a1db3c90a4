import { Args } from '@oclif/core'
import { BatonCommand } from '../../cli/command.js'
import { serviceFieldsOf, serviceFlags } from '../../cli/flags.js'
import { renderWritten } from '../../cli/service-view.js'
import type { ServiceWritten } from '../../node/control/control-protocol.js'

export default class ServiceAdd extends BatonCommand {
  static override summary = 'Add a service: an address and ports that all nodes serve together.'
  static override description =
    'Backends are not declared: every program on a node that listens on one of the ports, on the address of its node or on all, serves. All nodes know the service at once and keep it over restarts.'
  static override examples = [
    '<%= config.bin %> service add web --address 127.0.0.100 --ports 8080',
    '<%= config.bin %> service add web --address 10.0.0.100 --ports 80,443 --proxy-protocol v2',
    '<%= config.bin %> service add games --address 10.0.0.101 --ports 7000-7010 --idle-timeout 5m',
  ]
  static override args = { name: Args.string({ description: 'a name: a-z, 0-9 and -', required: true }) }
  static override flags = {
    ...serviceFlags,
    address: { ...serviceFlags.address, required: true },
    ports: { ...serviceFlags.ports, required: true },
  }

  async run(): Promise<ServiceWritten> {
    const { args, flags } = await this.parse(ServiceAdd)
    const write = { mode: 'create' as const, fields: serviceFieldsOf(flags), force: flags.force }
    const written = await this.client(flags).writeService(args.name, write)
    this.log(renderWritten('added', written, this.screen()).join('\n'))
    return written
  }
}
