import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Host } from '../../../src/lab/hosts.io.js'
import { until } from '../../../src/lab/wait.io.js'
import { assert, type Scope } from '../../harness/suite.js'
import { Conversation } from './conversation.js'
import type { Program, Session } from './program.js'

export const SSH_PORT = 2_222
const NEEDS = ['sshd', 'ssh', 'ssh-keygen', 'stty']
const TYPED_EVERY_MS = 25
const LINES_MORE = 20
const PAINT_MS_MAX = 10_000

/** OpenSSH's server, with keys made for the one test. */
export async function startSshd(host: Host, folder: string, port = SSH_PORT): Promise<void> {
  const home = path.join(folder, `sshd-${port}`)
  mkdirSync(home)
  // Its child that has no rights lives in there.
  mkdirSync('/run/sshd', { recursive: true })
  for (const key of ['host', 'user'])
    await host.run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', path.join(home, key))
  writeFileSync(path.join(home, 'authorized'), readFileSync(path.join(home, 'user.pub')))
  const options = {
    Port: port,
    HostKey: path.join(home, 'host'),
    AuthorizedKeysFile: path.join(home, 'authorized'),
    PermitRootLogin: 'prohibit-password',
    StrictModes: 'no',
    UsePAM: 'no',
    PidFile: 'none',
    MaxStartups: 100,
  }
  const words = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`])
  host.start('sshd', ['/usr/sbin/sshd', '-D', '-e', '-f', '/dev/null', ...words])
}

/** A client's command as far as the host's name. */
export function sshCommand(folder: string, port = SSH_PORT): string[] {
  const key = path.join(folder, `sshd-${port}`, 'user')
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'BatchMode=yes', 'LogLevel=ERROR']
  return ['ssh', '-F', 'none', '-i', key, '-p', String(port), ...options.flatMap((option) => ['-o', option])]
}

/** A shell on a terminal, in which top paints without end. */
export const sshTop: Program = {
  name: 'ssh with top',
  needs: [...NEEDS, 'top'],
  port: SSH_PORT,
  serve: (on, folder) => startSshd(on, folder),
  open: async (scope, { client, address, folder }) => {
    const ssh = Conversation.start(scope, client, ...sshCommand(folder), '-tt', `root@${address}`, 'bash --norc')
    const shellPid = async () => {
      const since = ssh.said.length
      ssh.say('stty rows 24 cols 80; echo "shell"=$$\n')
      return Number((await ssh.hears(/shell=(\d+)/, since))[1])
    }
    const paints = async () => {
      const since = ssh.said.length
      const paintings = () => ssh.said.slice(since).split('load average').length - 1
      await until(
        () => (paintings() >= 3 ? true : undefined),
        PAINT_MS_MAX,
        () => `top paints; it ${ssh.end ?? 'stands'}: ${ssh.said.slice(-200)}`,
      )
    }
    const pid = await shellPid()
    const top = async () => {
      ssh.say('top -d 0.1\n')
      await paints()
    }
    await top()
    return {
      prove: async () => {
        await paints()
        const since = ssh.said.length
        ssh.say('q')
        // What is typed before that, top throws away as it ends.
        await ssh.hears(/bash-\S+# /, since)
        assert.is(await shellPid(), pid, 'the same shell')
        await top()
      },
    }
  },
}

/** Somebody types, and each line comes back as it went. */
export const sshTyping: Program = {
  name: 'ssh, typing',
  needs: NEEDS,
  port: SSH_PORT,
  open: (scope, { client, address, folder }, number) =>
    typing(scope, client, number, [
      ...sshCommand(folder),
      '-tt',
      `root@${address}`,
      'stty raw -echo; echo shell $$; exec cat',
    ]),
}

async function typing(scope: Scope, from: Host, number: number, command: string[]): Promise<Session> {
  const ssh = Conversation.start(scope, from, ...command)
  await ssh.hears(/shell \d+/)
  const begin = ssh.said.length
  let typed = ''
  let count = 0
  const timer = setInterval(() => {
    const line = `session ${number}, line ${count++}\r\n`
    typed += line
    ssh.say(line)
  }, TYPED_EVERY_MS)
  scope.defer(() => clearInterval(timer))
  await ssh.hears(/line 5\r/, begin)
  return {
    prove: async () => {
      await ssh.hears(new RegExp(`line ${count + LINES_MORE}\r`), begin)
      const echoed = ssh.said.slice(begin)
      assert.is(echoed, typed.slice(0, echoed.length), 'every line came back')
    },
  }
}
