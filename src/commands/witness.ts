import Up from './up.js'

export default class Witness extends Up {
  static override summary = 'Run a node that only votes: the third voice for a cluster of two.'
  static override description =
    'It directs nothing, carries no connection and needs next to nothing of its host. `baton init` makes its state folder first.'
  static override examples = ['<%= config.bin %> witness --seed 10.0.0.1:7440']

  protected override readonly witness = true
}
