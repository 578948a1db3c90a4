/** What baton(1) says that stands in no command. */

export const commandSection = 1

export const ENVIRONMENT: readonly (readonly [name: string, says: string])[] = [
  ['BATON_STATE', 'State folder of the node, where --state is not given.'],
  ['BATON_TOKEN', 'Token for `baton up`, where neither --token nor --token-file is given.'],
  ['XDG_STATE_HOME', 'For ordinary users the folder in which the state folder lies; ~/.local/state if not set.'],
  ['NO_COLOR', 'No colour, whatever its value.'],
  ['COLUMNS', 'Width of what is printed where there is no terminal; 100 if not set.'],
  ['NOTIFY_SOCKET', 'Set by systemd: the node tells it when it is up, stops, and that it lives.'],
  ['DEBUG', 'For a fault of Baton itself: where in the program it happened is printed as well.'],
]

export const FILES: readonly (readonly [name: string, says: string])[] = [
  ['/var/lib/baton', 'State folder of a node that runs as root, or by the unit of `baton install`.'],
  ['~/.local/state/baton', 'That of ordinary users.'],
  ['cluster.key', 'In the state folder: the keys of the cluster, the current one first. Who has one can join.'],
  ['node.key', 'In the state folder: the key of this node. Never copy it to another host.'],
  ['control.sock', 'In the state folder: what commands speak to, while the node runs.'],
  ['/etc/systemd/system/baton.service', 'The unit that `baton install` writes.'],
]

/** As in docs/cli.md. */
export const EXIT_CODES: readonly (readonly [code: string, says: string])[] = [
  ['0', 'Done; for `baton status`: the node answered, whatever it said.'],
  ['1', 'Understood, and did not work.'],
  ['2', 'The command or its input is wrong.'],
  ['3', 'No node runs here.'],
  ['4', 'No such name.'],
  ['5', 'It is there already.'],
  ['6', 'Not allowed.'],
  ['126, 128 + N', 'Of `baton run`: the command could not be started, or ended by signal N; else its own exit code.'],
  ['130', 'Interrupted, or a no to a question.'],
]

export const FIRST_STEPS: readonly { readonly says: string; readonly commands: readonly string[] }[] = [
  { says: 'On the first host, which founds the cluster:', commands: ['baton init --name alpha', 'baton up'] },
  {
    says: 'On every other host, with the line that init printed:',
    commands: ['echo baton-token-1-... | baton up --token -'],
  },
  {
    says: 'Then, on any of them:',
    commands: ['baton service add web --address 10.0.0.100 --ports 80,443', 'baton status', 'baton why web'],
  },
]
