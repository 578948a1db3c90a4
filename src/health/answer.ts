/** What a program's answer to a check means. Fed as the bytes come; says as soon as it is clear. */
import { utf8 } from '../base/bytes.js'
import { type CheckSettings, isAmong, unescaped } from '../proxy/service-check.js'
import type { CheckResult } from './ports.js'

/** As much of an answer as is looked at. */
export const ANSWER_BYTES_MAX = 16_384
const SHOWN_MAX = 60
const STATUS_LINE = /^HTTP\/1\.[01] ([1-5]\d\d)/

type Expected = Pick<CheckSettings, 'check' | 'checkExpect' | 'checkStatus'>

/** `undefined`: more may make it clear. `isOver`: no more comes. */
export function judgeAnswer(bytes: Uint8Array, isOver: boolean, expected: Expected): CheckResult | undefined {
  const text = textOf(bytes)
  const isLast = isOver || bytes.byteLength >= ANSWER_BYTES_MAX
  return expected.check === 'http' ? judgeHttp(text, isLast, expected) : judgeSaid(text, isLast, expected)
}

function judgeSaid(text: string, isLast: boolean, { checkExpect }: Expected): CheckResult | undefined {
  const wanted = textOf(unescaped(checkExpect))
  if (text !== '' && text.includes(wanted)) return { isGood: true, words: `answered '${shownText(text)}'` }
  if (!isLast) return undefined
  if (text === '') return { isGood: false, words: 'the connection ended without an answer' }
  return { isGood: false, words: `answered '${shownText(text)}', expected '${checkExpect}'` }
}

function judgeHttp(text: string, isLast: boolean, { checkExpect, checkStatus }: Expected): CheckResult | undefined {
  const line = /^[^\r\n]*/.exec(text)?.[0] ?? ''
  const code = STATUS_LINE.exec(line)?.[1]
  if (code === undefined) {
    if (!isLast && !text.includes('\n')) return undefined
    const words =
      text === '' ? 'the connection ended without an answer' : `answered '${shownText(line)}', which is no HTTP`
    return { isGood: false, words }
  }
  if (!text.includes('\n') && !isLast) return undefined
  if (!isAmong(Number(code), checkStatus))
    return { isGood: false, words: `answered ${shownText(line)}, expected ${checkStatus}` }
  if (checkExpect === '') return { isGood: true, words: `answered ${shownText(line)}` }
  const body = text.slice(bodyAt(text))
  if (body.includes(textOf(unescaped(checkExpect))))
    return { isGood: true, words: `answered ${shownText(line)} with '${checkExpect}'` }
  return isLast ? { isGood: false, words: `answered ${shownText(line)} without '${checkExpect}'` } : undefined
}

function bodyAt(text: string): number {
  const end = text.indexOf('\r\n\r\n')
  return end < 0 ? text.length : end + 4
}

/** A letter each: what is compared are bytes. */
function textOf(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.byteLength; i++) text += String.fromCharCode(bytes[i] ?? 0)
  return text
}

function shownText(text: string): string {
  const [line = ''] = text.trim().split(/[\r\n]/)
  return line.length > SHOWN_MAX ? `${line.slice(0, SHOWN_MAX)}…` : line
}

/** What is asked of a web server. */
export function httpRequest(path: string, host: string): Uint8Array {
  const lines = [`GET ${path} HTTP/1.1`, `Host: ${host}`, 'User-Agent: baton', 'Connection: close', '', '']
  return utf8(lines.join('\r\n'))
}
