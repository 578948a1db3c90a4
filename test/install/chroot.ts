/** A bare Debian in a folder, by debootstrap from the mirror that this machine's apt has; commands in it with a PID namespace of their own. */
import { execFile } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Scope } from '../harness/suite.js'

export interface Said {
  readonly exit: number
  /** Both streams, as they came. */
  readonly text: string
}

const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'

export class Chroot {
  private constructor(readonly root: string) {}

  static async make(scope: Scope, suite: string): Promise<Chroot> {
    const root = mkdtempSync(path.join(os.tmpdir(), `baton-${suite}-`))
    scope.defer(() => rmSync(root, { recursive: true, force: true }))
    // Ordinary users have to get past it, too: it is their /.
    chmodSync(root, 0o755)
    const include = '--include=ca-certificates,iproute2,curl,procps'
    const made = await run('debootstrap', ['--variant=minbase', include, suite, root, mirror()])
    if (made.exit !== 0) throw new Error(`debootstrap ${suite}: ${made.text.slice(-500)}`)
    cpSync('/etc/resolv.conf', path.join(root, 'etc/resolv.conf'), { dereference: true })
    if (existsSync(CERTIFICATES)) cpSync(CERTIFICATES, path.join(root, CERTIFICATES), { dereference: true })
    return new Chroot(root)
  }

  /** The Node.js of this machine and its npm, as their own archive would lie in /usr/local. */
  takeOwnNode(): void {
    const npm = path.join(path.dirname(realpathSync(process.execPath)), '../lib/node_modules/npm')
    cpSync(realpathSync(process.execPath), this.#at('usr/local/bin/node'))
    cpSync(npm, this.#at('usr/local/lib/node_modules/npm'), { recursive: true })
    for (const name of ['npm', 'npx']) {
      symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, this.#at(`usr/local/bin/${name}`))
    }
  }

  take(file: string, name: string): void {
    cpSync(file, this.#at(name))
  }

  has(name: string): boolean {
    return existsSync(this.#at(name))
  }

  list(name: string): string[] {
    return this.has(name) ? readdirSync(this.#at(name)) : []
  }

  read(name: string): string {
    return readFileSync(this.#at(name), 'utf8')
  }

  /** `script` by sh, its first process; with `own` in a network namespace of its own as well, where only loopback is. */
  sh(script: string, own: 'shared' | 'own' = 'shared'): Promise<Said> {
    const enter =
      'mount --rbind /dev "$0/dev"; mount -t proc proc "$0/proc"; [ "$1" = shared ] || ip link set lo up; exec chroot "$0" env -i'
    const settings = {
      HOME: '/root',
      LANG: 'C.UTF-8',
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ...npmSettings(),
    }
    const words = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
    const namespaces = ['--mount', '--pid', '--fork', '--kill-child', ...(own === 'own' ? ['--net'] : [])]
    const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
    return run('unshare', [...namespaces, 'sh', '-ec', `${enter} ${quoted} sh -c "$2"`, this.root, own, script])
  }

  #at(name: string): string {
    return path.join(this.root, name)
  }
}

/** Where packages come from is this machine's matter, and nobody else's. */
function npmSettings(): Record<string, string> {
  const own = Object.entries(process.env).flatMap(([name, value]) => {
    return /^npm_config_(registry|.*proxy)$|^(https?|no)_proxy$/i.test(name) && value ? [[name, value] as const] : []
  })
  return {
    npm_config_update_notifier: 'false',
    ...(existsSync(CERTIFICATES) && { npm_config_cafile: CERTIFICATES, NODE_EXTRA_CA_CERTS: CERTIFICATES }),
    ...(registry === '' ? {} : { npm_config_registry: registry }),
    ...Object.fromEntries(own),
  }
}

const registry = (await run('npm', ['config', 'get', 'registry'])).text.trim()

function mirror(): string {
  const folder = '/etc/apt/sources.list.d'
  const files = [
    '/etc/apt/sources.list',
    ...(existsSync(folder) ? readdirSync(folder) : []).map((f) => path.join(folder, f)),
  ]
  const text = files.flatMap((file) => (existsSync(file) ? [readFileSync(file, 'utf8')] : [])).join('\n')
  const found = /^(?:URIs: *|deb +(?:\[[^\]]*\] +)?)(\S+\/debian)\/?(?=\s|$)/m.exec(text)?.[1]
  if (found === undefined) throw new Error('no Debian mirror in /etc/apt: there is nothing to make a Debian of')
  return found
}

export function run(program: string, args: readonly string[]): Promise<Said> {
  return new Promise((resolve) => {
    const child = execFile(program, [...args], { maxBuffer: 2 ** 26 }, () => {})
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (more) => {
        text += more
      })
    }
    child.once('error', () => resolve({ exit: -1, text: `${program} cannot be run` }))
    child.once('close', (code) => resolve({ exit: code ?? -1, text }))
  })
}
