import path from 'node:path'
import { Args } from '@oclif/core'
import { BatonCommand } from '../cli/command.js'
import { bashCompletion } from '../cli/reference/bash.js'
import { fishCompletion } from '../cli/reference/fish.js'
import { referenceOf } from '../cli/reference/model.js'
import { zshCompletion } from '../cli/reference/zsh.js'
import { ControlClient } from '../node/control/control-client.io.js'

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const
/** Who types does not wait for a node that hangs. */
const ANSWER_MS_MAX = 1_000

export default class Completion extends BatonCommand {
  static override summary = 'Print the completion of a shell: commands, flags, values, names of nodes and services.'
  static override description =
    'Names are asked of the node that runs here, for a second at most; where none runs there are none. `names nodes` and `names services` are what the scripts ask.'
  static override examples = [
    { description: 'For this shell:', command: 'source <(<%= config.bin %> completion bash)' },
    {
      description: 'For every bash of this host:',
      command: '<%= config.bin %> completion bash | sudo tee /usr/share/bash-completion/completions/<%= config.bin %>',
    },
    {
      description: 'For zsh, into a folder of $fpath:',
      command: '<%= config.bin %> completion zsh | sudo tee /usr/share/zsh/vendor-completions/_<%= config.bin %>',
    },
    '<%= config.bin %> completion fish > ~/.config/fish/completions/<%= config.bin %>.fish',
  ]
  static override args = {
    shell: Args.string({ description: 'which shell', required: true, options: [...Object.keys(SHELLS), 'names'] }),
    kind: Args.string({ description: 'with names: of what', options: ['nodes', 'services'] }),
  }

  async run(): Promise<{ script?: string; names?: readonly string[] }> {
    const { args, flags } = await this.parse(Completion)
    if (args.shell !== 'names') {
      const script = SHELLS[args.shell as keyof typeof SHELLS](referenceOf(this.config))
      this.log(script.trimEnd())
      return { script }
    }
    const client = new ControlClient(path.join(this.stateFolder(flags), 'control.sock'), ANSWER_MS_MAX)
    const names = await (args.kind === 'services' ? servicesOf(client) : nodesOf(client)).catch(() => [])
    if (names.length > 0) this.log(names.join('\n'))
    return { names }
  }
}

async function servicesOf(client: ControlClient): Promise<string[]> {
  return (await client.services()).map(({ definition }) => definition.name)
}

async function nodesOf(client: ControlClient): Promise<string[]> {
  const { members } = await client.status()
  return members.filter(({ state }) => state !== 'left').map(({ name }) => name)
}
