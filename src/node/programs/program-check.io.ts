/** One check of a program of this host, of whatever kind its service says. */
import type { CheckResult, ProgramCheck } from '../../health/ports.js'
import { hostOf, probe } from '../../health/probe.io.js'
import { runHook } from './hook.io.js'

/** Never rejects. */
export async function checkProgram(
  { service, port, at }: ProgramCheck,
  ofNode: Readonly<Record<string, string>> = {},
): Promise<CheckResult> {
  const { checkCommand, checkTimeoutMs, checkPort, proxyProtocol, name } = service
  const isByProgram = service.check === 'off' && service.program !== ''
  if (service.check !== 'command' && !isByProgram) {
    // What the service's own ports expect is not for a port that was opened for checks.
    const expected = checkPort === 0 ? proxyProtocol : 'off'
    return probe({ at, settings: service, proxyProtocol: expected, host: hostOf(at) })
  }
  const command = isByProgram ? service.program : checkCommand
  const environment = {
    ...ofNode,
    BATON_SERVICE: name,
    BATON_ADDRESS: at.address,
    BATON_PORT: String(port === 0 ? at.port : port),
  }
  const problem = await runHook(command, ['check', name], environment, checkTimeoutMs)
  return problem === undefined ? { isGood: true, words: `${command} exited with 0` } : { isGood: false, words: problem }
}
