/** One check of one program, as the service's definition says. Ends within its limit, and reads no more than it needs. */
import net from 'node:net'
import tls from 'node:tls'
import { type Endpoint, formatEndpoint, isIpv6 } from '../base/address.js'
import { errnoOf, messageOf } from '../base/errors.js'
import { encodeProxyV1 } from '../proxy/proxy-protocol/v1.js'
import { encodeProxyV2 } from '../proxy/proxy-protocol/v2.js'
import { type CheckSettings, unescaped } from '../proxy/service-check.js'
import type { ProxyProtocol } from '../proxy/service-identity.js'
import { httpRequest, judgeAnswer } from './answer.js'
import type { CheckResult } from './ports.js'

export interface Probe {
  readonly at: Endpoint
  readonly settings: CheckSettings
  /** The PROXY header that the program expects: it is told that nobody is behind this connection. */
  readonly proxyProtocol: ProxyProtocol
  /** In `Host:`. */
  readonly host: string
}

const NOTHING = new Uint8Array(0)
const NOBODY: Readonly<Record<ProxyProtocol, Uint8Array>> = {
  off: NOTHING,
  v1: encodeProxyV1({ command: 'local' }),
  v2: encodeProxyV2({ command: 'local' }),
}

/** For all kinds but `command`. Never rejects. */
export function probe({ at, settings, proxyProtocol, host }: Probe): Promise<CheckResult> {
  return new Promise((resolve) => {
    const { check, checkTimeoutMs, checkPath, checkSend } = settings
    const socket = net.connect({ host: at.address, port: at.port, noDelay: true })
    let sockets: readonly net.Socket[] = [socket]
    let answer: Uint8Array = NOTHING
    let stage = `no connection to ${formatEndpoint(at)}`
    const end = (result: CheckResult) => {
      clearTimeout(timer)
      // An RST, so that no TIME_WAIT is left of thousands of checks a day; a program that has accepted sees an end all the same.
      for (const one of sockets) one.destroy()
      resolve(result)
    }
    const fail = (words: string) => end({ isGood: false, words })
    const timer = setTimeout(() => {
      // What did come may tell more than that the rest has not.
      const said = answer.byteLength === 0 ? undefined : judgeAnswer(answer, true, settings)
      if (said !== undefined) end(said)
      else fail(`${stage} within ${checkTimeoutMs} ms`)
    }, checkTimeoutMs)
    socket.on('error', (error) => fail(`${formatEndpoint(at)}: ${errnoOf(error) || messageOf(error)}`))
    const converse = (stream: net.Socket, opening: Uint8Array) => {
      stage = 'no answer'
      if (opening.byteLength > 0) stream.write(opening)
      const judge = (isOver: boolean) => {
        const result = judgeAnswer(answer, isOver, settings)
        if (result !== undefined) end(result)
      }
      stream.on('data', (chunk: Buffer) => {
        answer = joinedWith(answer, chunk)
        judge(false)
      })
      stream.on('end', () => judge(true))
    }
    socket.on('connect', () => {
      if (proxyProtocol !== 'off') socket.write(NOBODY[proxyProtocol])
      if (check === 'http') return converse(socket, httpRequest(checkPath, host))
      if (check === 'send') return converse(socket, unescaped(checkSend))
      if (check !== 'tls') return end({ isGood: true, words: `${formatEndpoint(at)} accepted a connection` })
      stage = 'no end of the TLS handshake'
      // Whether clients trust its certificate is theirs to say; here it is asked whether the program works.
      const names = net.isIP(host) === 0 ? { servername: host } : {}
      const secure = tls.connect({ socket, rejectUnauthorized: false, ...names })
      sockets = [secure, socket]
      secure.on('error', (error) => fail(`TLS: ${errnoOf(error) || messageOf(error)}`))
      secure.on('secureConnect', () =>
        end({ isGood: true, words: `${secure.getProtocol() ?? 'TLS'} with ${secure.getCipher().name}` }),
      )
    })
    socket.on('close', () => fail('the connection ended'))
  })
}

/** Where the program itself is named in HTTP. */
export function hostOf({ address, port }: Endpoint): string {
  return isIpv6(address) ? `[${address}]:${port}` : `${address}:${port}`
}

function joinedWith(before: Uint8Array, chunk: Uint8Array): Uint8Array {
  const all = new Uint8Array(before.byteLength + chunk.byteLength)
  all.set(before)
  all.set(chunk, before.byteLength)
  return all
}
