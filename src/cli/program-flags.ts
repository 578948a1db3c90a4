/** Flags of a service that are about its programs: how they are checked, and where one of mode `single` runs. */
import { Flags } from '@oclif/core'

export const checkFlags = {
  check: Flags.string({
    description:
      'how each node checks its program: a connection, bytes sent and expected, HTTP, a TLS handshake, or a command of yours',
    options: ['off', 'tcp', 'send', 'http', 'tls', 'command'],
  }),
  'check-from': Flags.string({
    description: 'who checks: each node its own program, or the director through its links as well',
    options: ['node', 'director'],
  }),
  'check-port': Flags.string({ description: 'another port to check (0: those of the service)', helpValue: 'PORT' }),
  'check-send': Flags.string({ description: 'for --check send; \\r \\n \\t \\xNN (none: nothing)', helpValue: 'TEXT' }),
  'check-expect': Flags.string({ description: 'what the answer has to contain (none: any answer)', helpValue: 'TEXT' }),
  'check-path': Flags.string({ description: 'for --check http', helpValue: '/health' }),
  'check-status': Flags.string({ description: 'for --check http: codes that are good', helpValue: '200-399' }),
  'check-command': Flags.string({
    description: 'for --check command: called with check and the service; good if it exits with 0 (none: no program)',
    helpValue: 'PATH',
  }),
  'check-interval': Flags.string({ description: 'from one check to the next', helpValue: '2s' }),
  'check-timeout': Flags.string({ description: 'limit of one check', helpValue: '1s' }),
  'check-rise': Flags.string({ description: 'good checks in a row that bring a program back', helpValue: '2' }),
  'check-fall': Flags.string({ description: 'bad checks in a row that take it out', helpValue: '3' }),
  'passive-limit': Flags.string({
    description: 'connections refused, or reset before the first byte, that take a node out for a while; 0: never',
    helpValue: 'N',
  }),
  'passive-decay': Flags.string({ description: 'after so long such a failure counts half', helpValue: '10s' }),
}

export const hostingFlags = {
  mode: Flags.string({
    description: 'every node that listens serves, or one at a time',
    options: ['multi', 'single'],
  }),
  program: Flags.string({
    description: 'for --mode single: called with start, stop or check, and the service (none: no program)',
    helpValue: 'PATH',
  }),
  'start-timeout': Flags.string({ description: 'limit of its start', helpValue: '60s' }),
  'stop-timeout': Flags.string({ description: 'limit of its stop; then it is killed', helpValue: '10s' }),
  hold: Flags.string({ description: 'how long it runs on without a lease, in case that comes back', helpValue: '3s' }),
  'restart-attempts': Flags.string({
    description: 'starts again on the same node after a failure, before another has its turn',
    helpValue: '1',
  }),
  'failure-threshold': Flags.string({
    description: 'failures within the interval that keep a node out for as long; 0: never',
    helpValue: '3',
  }),
  'failure-interval': Flags.string({ description: 'see --failure-threshold', helpValue: '5m' }),
  hosting: Flags.string({ description: 'nodes that may run it, the favoured first (none: all)', helpValue: 'NODES' }),
  placement: Flags.string({
    description:
      'where it runs: on the node with the fewest such; on the first that is named, or another; on named ones only',
    options: ['balanced', 'favoured', 'restricted'],
  }),
  requires: Flags.string({
    description: 'services that have to be up on the same node (none: no services)',
    helpValue: 'SERVICES',
  }),
}
