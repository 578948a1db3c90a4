/** What all commands share: `--state`, `--json`, the client of the local node, and how a failure is told. */
import path from 'node:path'
import { Command, Errors, Flags } from '@oclif/core'
import { ControlClient } from '../node/control/control-client.io.js'
import { defaultStateFolder } from '../node/state/state-folder.io.js'
import type { Screen } from './colour.js'
import { describeFailure, exitCodeOf, renderFailure } from './failure.js'
import { screenOf } from './terminal.js'
import { watch } from './watch.js'

export abstract class BatonCommand extends Command {
  static override enableJsonFlag = true

  static override baseFlags = {
    json: Flags.boolean({
      description: 'answer as JSON; a failure as an object with code, message and hint',
      helpGroup: 'GLOBAL',
    }),
    state: Flags.string({
      description: 'state folder of the node; BATON_STATE if not given',
      helpValue: 'DIR',
      helpGroup: 'GLOBAL',
    }),
  }

  protected stateFolder(flags: { state?: string | undefined }): string {
    return flags.state === undefined ? defaultStateFolder() : path.resolve(flags.state)
  }

  protected client(flags: { state?: string | undefined }): ControlClient {
    return new ControlClient(path.join(this.stateFolder(flags), 'control.sock'))
  }

  protected screen(): Screen {
    return screenOf(process.stdout)
  }

  /** Once, or with `--watch` until Ctrl-C; a failure is then part of the picture. */
  protected async show(isWatched: boolean, render: () => Promise<string>): Promise<void> {
    if (!isWatched) return this.log(await render())
    const shown = () => render().catch((error: unknown) => renderFailure(describeFailure(error), this.screen()))
    await watch(process.stdout, shown, { input: process.stdin })
  }

  protected override async catch(error: Error): Promise<void> {
    if (error instanceof Errors.ExitError) throw error
    const { ctor } = this
    const flags = Object.keys({ ...ctor.baseFlags, ...ctor.flags, json: true })
    const view = describeFailure(error, { command: ctor.id.replaceAll(':', ' '), flags })
    process.exitCode = exitCodeOf(view)
    if (this.jsonEnabled()) this.logJson(view)
    else process.stderr.write(`${renderFailure(view, screenOf(process.stderr))}\n`)
    if (view.code === 'ERR_INTERNAL' && process.env['DEBUG'] !== undefined) process.stderr.write(`${error.stack}\n`)
  }
}
