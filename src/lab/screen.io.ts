const DRAW_EVERY_MS = 200
const COLUMNS_DEFAULT = 80

/** Redraws a view in place on a terminal; elsewhere prints events only, a line each. */
export class Screen {
  readonly #live: boolean
  #timer: NodeJS.Timeout | undefined
  #lines = 0

  constructor(
    private readonly out: NodeJS.WritableStream,
    private readonly enabled: boolean,
    private readonly render: (columns: number) => string,
  ) {
    this.#live = enabled && 'isTTY' in out && out.isTTY === true
  }

  start(): void {
    if (this.#live) this.#timer = setInterval(() => this.#draw(), DRAW_EVERY_MS)
  }

  event(line: string): void {
    if (this.enabled && !this.#live) this.out.write(`${line}\n`)
  }

  /** Leaves the last picture standing. */
  stop(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#draw()
  }

  #draw(): void {
    // A line that the terminal breaks would be one more than was counted.
    const columns = 'columns' in this.out && typeof this.out.columns === 'number' ? this.out.columns : COLUMNS_DEFAULT
    const lines = this.render(columns).split('\n')
    const up = this.#lines === 0 ? '' : `\x1b[${this.#lines}A`
    this.out.write(`${up}${lines.map((line) => `\x1b[2K${line}`).join('\n')}\n\x1b[J`)
    this.#lines = lines.length
  }
}
