import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Child } from '../../../src/lab/child.io.js'
import { until } from '../../../src/lab/wait.io.js'
import type { Program, Whereabouts } from './program.js'

const MAIN = [process.execPath, '--import', 'tsx', fileURLToPath(new URL('./bulk-main.ts', import.meta.url))]
const [UPLOAD_PORT, DOWNLOAD_PORT] = [9_001, 9_002]
const STAND_MS_MAX = 20_000

/** How one connection fared: `alive` with every byte right, `hangs`, `wrong …`, or the error that ended it. */
export interface BulkFate {
  readonly fate: string
  /** From the fault to its end. */
  readonly endedMs: number
  /** The longest silence after the fault. */
  readonly waitMs: number
  readonly bytes: number
}

export interface BulkReport {
  readonly uploads: readonly BulkFate[]
  readonly downloads: readonly BulkFate[]
}

/** Takes uploads on one port and gives downloads on the other. */
export const BULK_SERVERS: readonly Pick<Program, 'name' | 'port' | 'serve'>[] = [
  {
    name: 'uploads',
    port: UPLOAD_PORT,
    serve: (on) => void on.start('bulk', [...MAIN, 'serve', String(UPLOAD_PORT), String(DOWNLOAD_PORT)]),
  },
  { name: 'downloads', port: DOWNLOAD_PORT },
]

/** As many uploads as downloads, all at full speed. */
export class BulkClients {
  private constructor(private readonly child: Child) {}

  static async start({ client, address, folder }: Whereabouts, count: number, round: number): Promise<BulkClients> {
    const words = [address, UPLOAD_PORT, DOWNLOAD_PORT, count].map(String)
    const child = client.start('bulk', [...MAIN, 'run', ...words], path.join(folder, `bulk-${round}.log`))
    const stands = () => (readFileSync(child.output, 'utf8').includes('all stand') ? true : undefined)
    await until(stands, STAND_MS_MAX, () => `all flow: ${child.tail()}`)
    return new BulkClients(child)
  }

  /** A fault is about to happen. */
  brace(): void {
    this.child.kill('SIGUSR2')
  }

  async report(): Promise<BulkReport> {
    this.child.kill('SIGUSR2')
    await this.child.ended
    return JSON.parse(this.child.tail(1)) as BulkReport
  }
}
