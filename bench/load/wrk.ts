/** wrk's side of a measurement: the command, and its numbers, which a script prints as one line of JSON. */

export interface WrkResult {
  readonly requests: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly errors: number
}

const MARK = 'baton-bench '

/** https://github.com/wg/wrk/blob/master/SCRIPTING: times are in microseconds. */
export const WRK_SCRIPT = `done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('${MARK}{"requests":%d,"us":%d,"p50":%d,"p99":%d,"p999":%d,"errors":%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    e.connect + e.read + e.write + e.status + e.timeout))
end
`

export function wrkArgs(script: string, url: string, connections: number, seconds: number, isNew: boolean): string[] {
  const header = isNew ? ['-H', 'Connection: close'] : []
  return ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '-s', script, ...header, url]
}

export function parseWrk(output: string): WrkResult {
  const line = output.split('\n').find((one) => one.startsWith(MARK))
  if (line === undefined) throw new Error(`wrk told no result: ${output.slice(-500)}`)
  const { requests, us, p50, p99, p999, errors } = JSON.parse(line.slice(MARK.length)) as Record<string, number>
  if (!requests || !us) throw new Error('not one request of wrk was answered')
  const ms = (time = 0) => time / 1_000
  return { requests, seconds: us / 1e6, p50Ms: ms(p50), p99Ms: ms(p99), p999Ms: ms(p999), errors: errors ?? 0 }
}
