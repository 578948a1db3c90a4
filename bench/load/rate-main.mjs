// Requests at a constant rate, whether answers come or not (open loop): wrk and hey wait for answers, and so leave out
// just the requests that would have waited. Latency counts from when a request was due: one that finds no connection
// free waits in a queue, and that counts. What this process itself wakes too late does not; `lagMs` tells how much.
//
// usage: node rate-main.mjs HOST PORT CONNECTIONS REQUESTS-PER-SECOND SECONDS
import net from 'node:net'

const [host, ...numbers] = process.argv.slice(2)
const [port, connections, rate, seconds] = numbers.map(Number)
const REQUEST = Buffer.from(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
/** Requests that wait for a connection; beyond, the proxy does not keep up at all. */
const QUEUE_MAX = 100_000

const free = []
const due = []
const latencies = []
const lags = []
let errors = 0
let answerBytes = 0

function open() {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, noDelay: true })
    const connection = { socket, dueMs: 0, bytes: 0, ready: resolve }
    socket.on('connect', () => ask(connection, performance.now()))
    socket.on('error', reject)
    socket.on('close', () => {
      errors += 1
    })
    socket.on('data', (data) => {
      connection.bytes += data.length
      // All answers are the same; the first ever tells their length.
      if (answerBytes === 0) {
        const head = data.indexOf('\r\n\r\n')
        const length = /content-length: (\d+)/i.exec(data.toString('latin1'))
        answerBytes = head + 4 + Number(length[1])
      }
      if (connection.bytes < answerBytes) return
      connection.bytes = 0
      if (connection.ready !== undefined) {
        connection.ready()
        connection.ready = undefined
        free.push(connection)
        return
      }
      latencies.push(performance.now() - connection.dueMs)
      const next = due.shift()
      if (next === undefined) free.push(connection)
      else ask(connection, next)
    })
  })
}

function ask(connection, dueMs) {
  connection.dueMs = dueMs
  connection.socket.write(REQUEST)
}

for (let i = 0; i < connections; i += 1) await open()
const startMs = performance.now()
let sent = 0
const tick = setInterval(() => {
  const nowMs = performance.now()
  const target = Math.min(Math.floor(((nowMs - startMs) / 1_000) * rate), rate * seconds)
  if (sent < target) lags.push(nowMs - (startMs + (sent * 1_000) / rate))
  for (; sent < target; sent += 1) {
    const connection = free.pop()
    if (connection !== undefined) ask(connection, nowMs)
    else if (due.length < QUEUE_MAX) due.push(nowMs)
    else errors += 1
  }
  const isDone =
    nowMs - startMs > seconds * 1_000 &&
    (latencies.length + errors >= sent || nowMs - startMs > seconds * 1_000 + 5_000)
  if (isDone) finish()
}, 1)

function finish() {
  clearInterval(tick)
  const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  const sorted = latencies.sort((a, b) => a - b)
  const result = {
    requests: latencies.length,
    p50Ms: at(sorted, 0.5),
    p99Ms: at(sorted, 0.99),
    p999Ms: at(sorted, 0.999),
    lagMs: at(
      lags.sort((a, b) => a - b),
      0.99,
    ),
    errors: errors + sent - latencies.length,
  }
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))
}
