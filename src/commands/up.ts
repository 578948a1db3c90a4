import { Flags } from '@oclif/core'
import { BatonError } from '../base/errors.js'
import { LOG_LEVELS } from '../base/log.js'
import { BatonCommand } from '../cli/command.js'
import { findingOf } from '../cli/discovery-flags.js'
import { flagsOfFile } from '../cli/node-settings.js'
import { readSecretFile } from '../cli/secret-file.js'
import { readUsers } from '../cli/users.js'
import {
  CIPHERS,
  checkNodeOptions,
  DISCOVERY_DEFAULT,
  ENGINES,
  type NodeSettings,
  PORT_DEFAULTS,
  PRIORITY_DEFAULT,
  PROFILES,
  parsePage,
  parseSeed,
  type Seed,
} from '../node/config-schema.js'
import { groupNumber } from '../node/control/control-access.io.js'
import { type JoinToken, readToken } from '../node/keys/token-text.js'

export default class Up extends BatonCommand {
  static override summary = 'Run the node in the foreground, until SIGTERM or Ctrl-C.'
  static override description =
    'Log on standard error. `baton init` makes the state folder first. Exit code 0 after an orderly stop.'
  static override examples = [
    '<%= config.bin %> up',
    { description: 'A second host finds the first:', command: '<%= config.bin %> up --seed 10.0.0.1:7440' },
    {
      description: 'Joins a cluster with the token that `baton init` printed:',
      command: 'echo baton-token-1-… | <%= config.bin %> up --token -',
    },
    '<%= config.bin %> up --bind 10.0.0.2 --log-format json',
    {
      description: 'Hosts of several LANs, with a `baton bootstrap` on 10.0.0.1:',
      command: '<%= config.bin %> up --discovery lan,swarm --bootstrap 10.0.0.1',
    },
    {
      description: 'Settings and services from a file, looked at by `baton config check` before:',
      command: '<%= config.bin %> up --config cluster.yaml',
    },
  ]
  static override flags = {
    config: Flags.string({
      description: 'a file with these settings and with services; what is typed here goes before it',
      helpValue: 'FILE',
    }),
    bind: Flags.string({
      description:
        "the node's own address; if not given, that of the interface with the default route, else of the first card",
      helpValue: 'IP',
    }),
    'gossip-port': Flags.integer({ description: 'membership, UDP', default: PORT_DEFAULTS.gossip, helpValue: 'PORT' }),
    'control-port': Flags.integer({
      description: 'control links, TCP',
      default: PORT_DEFAULTS.control,
      helpValue: 'PORT',
    }),
    'data-port': Flags.integer({
      description: 'data links, TCP; of several lanes each listens on the next port',
      default: PORT_DEFAULTS.data,
      helpValue: 'PORT',
    }),
    engine: Flags.option({
      options: ENGINES,
      description: 'how sockets are read and written; auto: epoll where it can be used, else net',
      default: 'auto' as const,
    })(),
    cipher: Flags.option({
      options: CIPHERS,
      description: 'what data links are sealed with; auto: the fastest that both ends have',
      default: 'auto' as const,
    })(),
    lanes: Flags.integer({
      description: 'threads that carry connections; as many as cores if not given',
      helpValue: 'N',
    }),
    'listener-user': Flags.string({
      description: 'only programs of these users serve, such as www-data,1000; all if not given',
      helpValue: 'USERS',
    }),
    token: Flags.string({
      description:
        'what `baton init` or `baton keys token` printed on another host: makes the state folder if there is none, and tells where others are; - reads standard input, and BATON_TOKEN is read if not given',
      helpValue: 'TOKEN',
      exclusive: ['token-file'],
    }),
    'token-file': Flags.string({ description: 'a file with the token', helpValue: 'FILE' }),
    name: Flags.string({
      description: "with a token: name of the node that is made; the host's name if not given",
      helpValue: 'NAME',
    }),
    'control-read-group': Flags.string({
      description: 'members of this group may look (status, why, metrics) by control-read.sock in the state folder',
      helpValue: 'GROUP',
    }),
    'control-write-group': Flags.string({
      description: 'members of this group may do everything that the owner of the node may',
      helpValue: 'GROUP',
    }),
    seed: Flags.string({
      description: 'a node that knows the others; may be given several times',
      helpValue: 'HOST:PORT',
      multiple: true,
    }),
    discovery: Flags.string({
      description:
        'how members are found, any of lan (multicast DNS), swarm (beyond the LAN, through NATs) and seeds; or none',
      default: 'lan,seeds',
      helpValue: 'lan,swarm,seeds',
    }),
    bootstrap: Flags.string({
      description:
        'where discovery by swarm begins: what `baton bootstrap` prints; may be given several times; the public network if not given',
      helpValue: 'HOST:PORT',
      multiple: true,
    }),
    profile: Flags.option({
      options: PROFILES,
      description: 'how fast failures are noticed, and at what cost',
      default: 'lan' as const,
    })(),
    priority: Flags.integer({
      description: 'router priority, 0 to 255: of the nodes that live, those with the highest direct',
      default: PRIORITY_DEFAULT,
      helpValue: 'N',
    }),
    replace: Flags.boolean({
      description: 'take the place of the process that runs on this state folder, with all its connections',
    }),
    'log-format': Flags.option({
      options: ['auto', 'pretty', 'json'] as const,
      description: 'auto: pretty on a terminal, else json',
      default: 'auto' as const,
    })(),
    'log-level': Flags.option({
      options: LOG_LEVELS,
      description: 'least level that is logged',
      default: 'info' as const,
    })(),
    'access-log': Flags.string({
      description: 'one line of JSON for each connection that has ended, to a file, or to standard output (-)',
      default: 'off',
      helpValue: 'FILE|-|off',
    }),
    page: Flags.string({
      description: 'serve the status page there, read-only; a port alone is one of the loopback address',
      default: 'off',
      helpValue: '[ADDRESS:]PORT',
    }),
  }

  protected readonly witness: boolean = false

  async run(): Promise<void> {
    const { flags: typed, raw } = await this.parse(Up)
    const file = typed.config
    const config = file === undefined ? undefined : await (await import('../cli/config-source.js')).loadConfigFile(file)
    const isTyped = (flag: string) => raw.some((token) => token.type === 'flag' && token.flag === flag)
    const flags = { ...typed, ...(config === undefined ? {} : flagsOfFile(config, isTyped)) }
    const problems: string[] = []
    // The process that runs there has the ring already.
    const token = flags.replace ? undefined : givenToken(flags)
    const isTold = isTyped('discovery') || flags.discovery !== DISCOVERY_DEFAULT.join(',')
    const { discovery, bootstrap = [] } = flags
    const options: NodeSettings = {
      stateDir: this.stateFolder(flags),
      ...(flags.bind === undefined ? {} : { bind: flags.bind, bindFrom: typed.bind === undefined ? 'file' : 'flag' }),
      gossipPort: flags['gossip-port'],
      controlPort: flags['control-port'],
      dataPort: flags['data-port'],
      seeds: seedsOf([...(flags.seed ?? []), ...(token?.seeds ?? [])], problems),
      ...findingOf({ discovery, bootstrap, isTold }, token, problems),
      profile: flags.profile,
      engine: flags.engine,
      cipher: flags.cipher,
      ...(flags.lanes === undefined ? {} : { lanes: flags.lanes }),
      ...listenersOf(flags['listener-user'], problems),
      ...accessOf(flags['control-read-group'], flags['control-write-group'], problems),
      witness: this.witness,
      priority: flags.priority,
      logFormat: flags['log-format'] === 'auto' ? (process.stderr.isTTY ? 'pretty' : 'json') : flags['log-format'],
      logLevel: flags['log-level'],
      accessLog: flags['access-log'],
      ...pageOf(flags.page, problems),
      version: this.config.version,
      replace: flags.replace,
      ...(file === undefined || config?.services === undefined
        ? {}
        : { declared: { file, services: config.services, prune: config.prune } }),
    }
    problems.push(...checkNodeOptions(options))
    if (problems.length > 0) throw new BatonError('ERR_USAGE', problems.join('\n'), { hint: 'baton up --help' })
    // Here and not above: what a node needs takes longer to load than `baton status` to run.
    if (token !== undefined) await this.join(options.stateDir, token, flags.name)
    const { runNode } = await import('../node/main.io.js')
    await runNode(options)
    // A name that is being looked up, as those of bootstrap nodes are, keeps a process for as long as that takes.
    if (options.discovery.includes('swarm')) process.exit()
  }

  private async join(folder: string, token: JoinToken, name: string | undefined): Promise<void> {
    const { join } = await import('../node/keys/joining.io.js')
    const joined = join(folder, token, name)
    if (joined === 'known') return
    const what =
      joined === 'given-key'
        ? `gave the node in ${folder} a key that it lacked`
        : `made node ${joined.made} in ${folder}; it joins`
    process.stderr.write(`Token: ${what}.\n`)
  }
}

/** Its text is a secret: it is neither left in the list of processes nor in the environment of programs that the node starts. */
function givenToken(flags: { token?: string | undefined; 'token-file'?: string | undefined }): JoinToken | undefined {
  const fromEnvironment = process.env['BATON_TOKEN']
  delete process.env['BATON_TOKEN']
  const { token: typed, 'token-file': file = typed === '-' ? '-' : undefined } = flags
  if (file !== undefined) {
    const { text, source } = readSecretFile(file)
    return readToken(text, source)
  }
  if (typed !== undefined) {
    process.title = 'baton up'
    // A process that takes this one's place is started with the same words.
    process.argv = process.argv.filter(
      (word, i, all) => word !== typed && word !== `--token=${typed}` && !(word === '--token' && all[i + 1] === typed),
    )
    process.stderr.write(
      'Warning: other users of this host could see the token in the list of processes; --token - hides it.\n',
    )
    return readToken(typed, '--token')
  }
  return fromEnvironment === undefined || fromEnvironment === '' ? undefined : readToken(fromEnvironment, 'BATON_TOKEN')
}

function listenersOf(text: string | undefined, problems: string[]): Pick<NodeSettings, 'listenerUsers'> {
  if (text === undefined) return {}
  const read = readUsers(text)
  if (read.type === 'users') return { listenerUsers: read.users }
  problems.push(`--listener-user: ${read.problem}; users that no file of this host names go by their numbers`)
  return {}
}

function pageOf(text: string, problems: string[]): Pick<NodeSettings, 'page'> {
  const parsed = parsePage(text)
  if ('page' in parsed) return parsed.page === undefined ? {} : { page: parsed.page }
  problems.push(`--page: ${parsed.problem}`)
  return {}
}

function accessOf(
  read: string | undefined,
  write: string | undefined,
  problems: string[],
): Pick<NodeSettings, 'controlAccess'> {
  const numberOf = (flag: string, text: string | undefined) => {
    const gid = text === undefined ? undefined : groupNumber(text)
    if (text !== undefined && gid === undefined)
      problems.push(`--${flag}: there is no group '${text.slice(0, 40)}' here`)
    return gid
  }
  const groups = { read: numberOf('control-read-group', read), write: numberOf('control-write-group', write) }
  if (groups.read === undefined && groups.write === undefined) return {}
  return {
    controlAccess: {
      ...(groups.read !== undefined && { read: groups.read }),
      ...(groups.write !== undefined && { write: groups.write }),
    },
  }
}

function seedsOf(texts: readonly string[], problems: string[]): Seed[] {
  return texts.flatMap((text) => {
    const parsed = parseSeed(text)
    if (parsed.type === 'seed') return parsed.seed
    // The problem begins with the word seed.
    problems.push(`--${parsed.problem}: ${parsed.hint}`)
    return []
  })
}
