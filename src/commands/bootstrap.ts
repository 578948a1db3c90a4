import { Flags } from '@oclif/core'
import { BatonError } from '../base/errors.js'
import { BatonCommand } from '../cli/command.js'
import { bootstrapOf } from '../cli/discovery-flags.js'
import { hang } from '../cli/text.js'

export default class Bootstrap extends BatonCommand {
  static override summary = 'Run a bootstrap node for discovery by swarm, until SIGTERM or Ctrl-C.'
  static override description =
    'Nodes of different LANs, also behind NATs, find each other through it: no internet is needed. It knows no cluster key and carries no connection; one on a host that all reach by UDP is enough, and what it forgets when it ends nodes tell it again. It needs no state folder.'
  static override examples = [
    '<%= config.bin %> bootstrap',
    '<%= config.bin %> bootstrap --listen 10.0.0.1:49737',
    {
      description: 'A second one, so that either may fail; nodes are given both:',
      command: '<%= config.bin %> bootstrap --listen 10.0.0.2 --bootstrap 10.0.0.1',
    },
  ]
  static override flags = {
    listen: Flags.string({
      description: 'an IPv4 address of this host that all nodes reach; four UDP ports from this one on',
      helpValue: 'IP[:PORT]',
    }),
    bootstrap: Flags.string({
      description: 'another bootstrap node, whose DHT it joins; may be given several times',
      helpValue: 'HOST:PORT',
      multiple: true,
    }),
  }

  /** As JSON there are two answers: where it is, and in the end why it has ended. */
  async run(): Promise<{ readonly stopped: string }> {
    const { flags } = await this.parse(Bootstrap)
    const { bootstrap: others, problems } = bootstrapOf(flags.bootstrap ?? [])
    if (problems.length > 0) {
      throw new BatonError('ERR_USAGE', problems.map(({ problem, hint }) => `--${problem}: ${hint}`).join('\n'))
    }
    const { runBootstrap } = await import('../node/discovery/bootstrap.io.js')
    const stopped = await runBootstrap({ listen: flags.listen, others }, (view) => {
      const up = `baton up --discovery lan,swarm,seeds --bootstrap ${view.bootstrap}`
      if (this.jsonEnabled()) return this.logJson({ ...view, up })
      const { host, port, ports } = view
      const text = `A bootstrap node is up at ${host}, UDP ports ${port} to ${port + ports - 1}. On every node:`
      this.log([...hang('', text, this.screen().width), '', `  ${up}`, ''].join('\n'))
    })
    return { stopped }
  }
}
