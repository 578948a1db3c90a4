import { writeFileSync } from 'node:fs'
import { Flags } from '@oclif/core'
import { BatonError, messageOf } from '../../base/errors.js'
import { BatonCommand } from '../../cli/command.js'
import type { ServicesDocument } from '../../cli/services-file.js'
import { plural } from '../../cli/units.js'

export default class ServiceExport extends BatonCommand {
  static override summary = 'Write all services as YAML, for `baton service import` and `baton up --config`.'
  static override description =
    'Every field by the name of its flag, in an order that does not change. A service that is not served because an older one has its port is left out.'
  static override examples = [
    '<%= config.bin %> service export --file services.yaml',
    {
      description: 'From one cluster to another:',
      command: '<%= config.bin %> service export | ssh other-host baton service import -',
    },
  ]
  static override flags = {
    file: Flags.string({ description: 'write to this file, not to standard output', helpValue: 'FILE' }),
  }

  async run(): Promise<ServicesDocument> {
    const { flags } = await this.parse(ServiceExport)
    const { renderServicesFile, servicesDocument } = await import('../../cli/services-file.js')
    const services = await this.client(flags).services()
    const document = servicesDocument(services)
    const text = renderServicesFile(document)
    if (flags.file === undefined) this.log(text.trimEnd())
    else {
      write(flags.file, text)
      this.log(`${this.screen().paint('good', 'wrote')} ${plural(services.length, 'service')} to ${flags.file}`)
    }
    return document
  }
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (cause) {
    throw new BatonError('ERR_FILE_WRITE', `cannot write ${file}: ${messageOf(cause)}`, { cause })
  }
}
