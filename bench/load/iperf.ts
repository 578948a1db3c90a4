/** iperf3's side of a measurement: one stream, towards the program or from it. */

export interface IperfResult {
  readonly bytes: number
  readonly seconds: number
}

export function iperfArgs(host: string, port: number, seconds: number, isDown: boolean): string[] {
  return ['-c', host, '-p', String(port), '-t', String(seconds), '-J', ...(isDown ? ['-R'] : [])]
}

/** What the receiving end counted. */
export function parseIperf(output: string): IperfResult {
  const report = JSON.parse(output) as {
    readonly error?: string
    readonly end?: { readonly sum_received?: { readonly bytes?: number; readonly seconds?: number } }
  }
  const { bytes, seconds } = report.end?.sum_received ?? {}
  if (report.error !== undefined) throw new Error(`iperf3: ${report.error}`)
  if (!bytes || !seconds) throw new Error('iperf3 moved nothing')
  return { bytes, seconds }
}
