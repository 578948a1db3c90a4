import { spawn } from 'node:child_process'
import { accessSync, existsSync, mkdirSync, constants as modes } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Flags } from '@oclif/core'
import { BatonError } from '../base/errors.js'
import { BatonCommand } from '../cli/command.js'
import { steeredCgroup } from '../cli/run-as.js'
import type { ControlClient } from '../node/control/control-client.io.js'

/** The shell enters the cgroup, and then is the program. */
const ENTER = 'echo $$ > "$0" && exec "$@"'
/** As shells have it. */
const NOT_STARTED = 126
const KILLED = 128
/** The node looks for it a few times a second. */
const FOUND_MS_MAX = 3_000
const LOOK_EVERY_MS = 50
const PASSED_ON = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const

export default class Run extends BatonCommand {
  static override summary = 'Run a program whose outgoing connections leave under the address of a service.'
  static override description =
    'Nothing in the program changes: the kernel leads its TCP connections to the node, and those of all programs that it starts. Connections to loopback addresses stay as they are. They outlive the director as those of clients do. The service says to where they may go (`--outward-to`).'
  static override examples = [
    '<%= config.bin %> run --as web -- curl https://example.org',
    { description: 'As another user:', command: '<%= config.bin %> run --as web -- setpriv --reuid app -- /srv/app' },
  ]
  static override usage = 'run --as SERVICE -- COMMAND...'
  static override enableJsonFlag = false
  static override flags = {
    as: Flags.string({ description: 'name of the service', helpValue: 'SERVICE', required: true }),
  }

  async run(): Promise<void> {
    // Whatever stands behind it is the command's, word by word.
    const end = this.argv.indexOf('--')
    const [own, command] = end < 0 ? [this.argv, []] : [this.argv.slice(0, end), this.argv.slice(end + 1)]
    const { flags } = await this.parse(Run, own)
    if (command.length === 0) {
      throw new BatonError('ERR_USAGE', 'no command behind --', {
        hint: 'baton run --as web -- curl https://example.org',
      })
    }
    const cgroup = await cgroupOf(this.client(flags), flags.as)
    const procs = path.join(cgroup, 'cgroup.procs')
    try {
      accessSync(procs, modes.W_OK)
    } catch (cause) {
      throw new BatonError('ERR_RUN_AS', `programs cannot be put into ${cgroup}`, {
        hint: 'run it as root; the program may be another user’s: baton run --as web -- setpriv --reuid app -- COMMAND',
        cause,
      })
    }
    process.exitCode = await ended(spawn('/bin/sh', ['-c', ENTER, procs, ...command], { stdio: 'inherit' }))
  }
}

/** A node that is not root's may lack the right to make it, and uses one that is there. */
async function cgroupOf(client: ControlClient, name: string): Promise<string> {
  let view = await client.service(name)
  const cgroup = view.outward?.cgroup ?? ''
  if (cgroup === '' || existsSync(cgroup)) return steeredCgroup(view)
  try {
    mkdirSync(cgroup, { recursive: true })
  } catch {
    return steeredCgroup(view)
  }
  for (const end = performance.now() + FOUND_MS_MAX; view.outward?.whyNot !== '' && performance.now() < end; ) {
    await pause(LOOK_EVERY_MS)
    view = await client.service(name)
  }
  return steeredCgroup(view)
}

function ended(child: ReturnType<typeof spawn>): Promise<number> {
  // The terminal tells both; whoever stops this command means the program.
  process.on('SIGINT', () => {})
  process.on('SIGQUIT', () => {})
  for (const signal of PASSED_ON) process.on(signal, () => void child.kill(signal))
  return new Promise((resolve) => {
    child.once('error', () => resolve(NOT_STARTED))
    child.once('exit', (code, signal) => resolve(code ?? KILLED + (signal === null ? 0 : os.constants.signals[signal])))
  })
}
