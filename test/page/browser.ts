/** Headless Chromium, spoken to in its DevTools protocol over a pipe: as many words of it as these tests need. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { programPath } from '../harness/programs.js'
import type { Scope } from '../harness/suite.js'

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--hide-scrollbars',
  '--no-first-run',
  '--remote-debugging-pipe',
]

export interface Look {
  readonly width: number
  readonly height: number
  readonly scheme: 'light' | 'dark'
  readonly isPhone?: boolean
}

interface Reply {
  readonly id?: number
  readonly method?: string
  readonly sessionId?: string
  readonly params?: Record<string, unknown>
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

export class Browser {
  readonly #replies = new Map<number, (reply: Reply) => void>()
  readonly #heard: Reply[] = []
  #count = 0
  #rest = ''

  private constructor(
    private readonly out: Writable,
    incoming: Readable,
  ) {
    incoming.setEncoding('utf8')
    incoming.on('data', (chunk: string) => {
      const messages = (this.#rest + chunk).split('\0')
      this.#rest = messages.pop() ?? ''
      for (const message of messages) this.#hear(JSON.parse(message))
    })
  }

  /** `enter`: words before the command, such as lead to another host of the lab. */
  static start(scope: Scope, enter: readonly string[] = []): Browser {
    const profile = mkdtempSync(path.join(os.tmpdir(), 'baton-browser-'))
    const [program = '', ...args] = [...enter, programPath('chromium'), ...FLAGS, `--user-data-dir=${profile}`]
    const child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    scope.defer(async () => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
      await ended
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    })
    return new Browser(child.stdio[3] as Writable, child.stdio[4] as Readable)
  }

  async open(url: string, look: Look): Promise<Tab> {
    const { targetId } = await this.say('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await this.say('Target.attachToTarget', { targetId, flatten: true })
    const tab = new Tab(this, String(sessionId))
    const { width, height, scheme, isPhone = false } = look
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await tab.say(`${domain}.enable`)
    await tab.say('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: isPhone ? 2 : 1,
      mobile: isPhone,
    })
    const features = [{ name: 'prefers-color-scheme', value: scheme }]
    await tab.say('Emulation.setEmulatedMedia', { features })
    await tab.say('Page.navigate', { url })
    await this.event('Page.loadEventFired', String(sessionId))
    return tab
  }

  say(method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.#count
    this.out.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    return new Promise((resolve, reject) => {
      this.#replies.set(id, ({ result, error }) => {
        if (error === undefined) resolve(result ?? {})
        else reject(new Error(`${method}: ${error.message}`))
      })
    })
  }

  /** The first of that kind, also if it has come already. */
  async event(method: string, sessionId: string): Promise<Reply> {
    for (;;) {
      const found = this.#heard.find((reply) => reply.method === method && reply.sessionId === sessionId)
      if (found !== undefined) return found
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  events(method: string, sessionId: string): readonly Reply[] {
    return this.#heard.filter((reply) => reply.method === method && reply.sessionId === sessionId)
  }

  #hear(reply: Reply): void {
    if (reply.id === undefined) this.#heard.push(reply)
    else this.#replies.get(reply.id)?.(reply)
  }
}

export class Tab {
  constructor(
    private readonly browser: Browser,
    private readonly session: string,
  ) {}

  say(method: string, params: object = {}): Promise<Record<string, unknown>> {
    return this.browser.say(method, params, this.session)
  }

  async evaluate<T>(expression: string): Promise<T> {
    const { result } = await this.say('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })
    return (result as { value: T }).value
  }

  /** What the page has complained of: its own errors, and what its policy forbids. */
  get complaints(): string[] {
    const logged = this.browser
      .events('Log.entryAdded', this.session)
      .map(({ params }) => JSON.stringify(params?.['entry']))
    const thrown = this.browser
      .events('Runtime.exceptionThrown', this.session)
      .map(({ params }) => JSON.stringify(params))
    return [...logged, ...thrown]
  }

  /** Everything that was asked for, by URL. */
  get requests(): string[] {
    return this.browser.events('Network.requestWillBeSent', this.session).map(({ params }) => {
      return String((params?.['request'] as { url?: string } | undefined)?.url)
    })
  }

  /** The whole page as PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.say('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true })
    return Buffer.from(String(data), 'base64')
  }
}
