import os from 'node:os'
import { Flags } from '@oclif/core'
import { BatonError } from '../base/errors.js'
import { BatonCommand } from '../cli/command.js'
import { bootstrapOf } from '../cli/discovery-flags.js'
import { type InitView, renderInit } from '../cli/init-view.js'
import { readSecretFile } from '../cli/secret-file.js'
import { checkNodeName, formatBootstrap, nodeNameOf } from '../node/config-schema.js'
import { defaultStateFolder } from '../node/state/state-folder.io.js'

export default class Init extends BatonCommand {
  static override summary = 'Make this host a node: of a new cluster, or of one whose key you have.'
  static override description =
    'Makes the state folder with the key of the node. Without a key it also makes the cluster key and founds a new cluster; with one it joins, and never founds.'
  static override examples = [
    { description: 'The first host founds the cluster:', command: '<%= config.bin %> init' },
    { description: 'Every other host joins it:', command: '<%= config.bin %> init --key-file cluster.key' },
    {
      description: 'The key from standard input:',
      command: 'ssh first-host cat /var/lib/baton/cluster.key | <%= config.bin %> init --key-file -',
    },
  ]
  static override flags = {
    name: Flags.string({ description: "name of the node; the host's name if not given", helpValue: 'NAME' }),
    'key-file': Flags.string({
      description: 'join with the cluster key in a file; - reads standard input',
      helpValue: 'FILE',
      exclusive: ['join'],
    }),
    bootstrap: Flags.string({
      description: 'put into the token where discovery by swarm begins: what `baton bootstrap` prints',
      helpValue: 'HOST[:PORT]',
      multiple: true,
      exclusive: ['join', 'key-file'],
    }),
    join: Flags.string({
      description: 'join with this cluster key; other users see it in the list of processes: prefer --key-file',
      helpValue: 'KEY',
    }),
  }

  async run(): Promise<InitView> {
    const { flags } = await this.parse(Init)
    const name = flags.name ?? nodeNameOf(os.hostname())
    const problem = checkNodeName(name)
    if (problem !== undefined) throw new BatonError('ERR_USAGE', problem, { hint: 'baton init --name NAME' })
    const { bootstrap, problems } = bootstrapOf(flags.bootstrap ?? [])
    for (const { problem, hint } of problems) throw new BatonError('ERR_USAGE', `--${problem}`, { hint })
    const { createState, parseClusterKeys } = await import('../node/state/state-dir.io.js')
    const given = givenKey(flags)
    const keys = given === undefined ? {} : { clusterKeys: parseClusterKeys(given.text, given.source) }
    const folder = this.stateFolder(flags)
    const state = createState(folder, { name, ...keys })
    const { id, founded, paths } = state
    const view: InitView = { name, id, founded, folder, keyFile: paths.clusterKey }
    const { firstToken } = await import('../node/keys/joining.io.js')
    const secret = founded ? firstToken(state, bootstrap.map(formatBootstrap)) : undefined
    this.log(renderInit(view, { secret, isDefaultFolder: folder === defaultStateFolder() }, this.screen()))
    if (flags.join !== undefined) this.warnOfList()
    return view
  }

  private warnOfList(): void {
    process.stderr.write(
      'Warning: other users of this host could see the key in the list of processes; --key-file hides it.\n',
    )
  }
}

function givenKey(flags: { join?: string | undefined; 'key-file'?: string | undefined }) {
  if (flags.join !== undefined) return { text: flags.join, source: '--join' }
  const file = flags['key-file']
  return file === undefined ? undefined : readSecretFile(file)
}
