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
  /** The token for other hosts, where the cluster was made just now. */
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
    command(`echo ${secret} | baton up --token -`),
    '',
    ...hang(
      '',
      `Who has the token can join: it holds the cluster key, which is also in ${keyFile}. \`baton keys token\` prints it again while the node runs.`,
      screen.width,
    ),
  ].join('\n')
}
