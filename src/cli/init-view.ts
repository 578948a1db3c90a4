/** What `baton init` says: what was made, and the next step here and elsewhere. */
import { type NodeId, shortId } from '../base/ids.js'
import type { Screen } from './colour.js'
import { hang } from './text.js'

export interface InitView {
  readonly name: string
  readonly id: NodeId
  readonly founded: boolean
  readonly folder: string
  readonly keyFile: string
}

export interface InitContext {
  /** The cluster key as text, where it was made just now. */
  readonly secret: string | undefined
  /** Then commands need no `--state`. */
  readonly isDefaultFolder: boolean
}

export function renderInit(view: InitView, { secret, isDefaultFolder }: InitContext, screen: Screen): string {
  const { name, id, founded, folder, keyFile } = view
  const state = isDefaultFolder ? '' : ` --state ${folder}`
  const role = founded ? 'founds a new cluster' : 'joins the cluster of its key'
  const command = (text: string) => `  ${screen.paint('bold', text)}`
  const made = hang('', `made node ${name} (${shortId(id)}) in ${folder}; it ${role}`, screen.width)
  const start = founded ? `baton up${state}` : `baton up${state} --seed HOST:7440`
  if (secret === undefined)
    return [...made, '', 'Start it, with the address of any other node:', command(start)].join('\n')
  return [
    ...made,
    '',
    'Start it:',
    command(start),
    '',
    'On every other host:',
    // Through a pipe: an argument would show in the list of processes.
    command(`echo ${secret} | baton init --key-file -`),
    command('baton up --seed THIS-HOST:7440'),
    '',
    ...hang('', `Who has the key can join. It is also in ${keyFile}.`, screen.width),
  ].join('\n')
}
