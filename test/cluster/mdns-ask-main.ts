/** `mdns-ask-main.ts ADDRESS NAME`: asks the LAN of the interface with that address who NAME is; ends with 0 once told. */
import makeMdns from 'multicast-dns'

const [address = '', name = ''] = process.argv.slice(2)
const mdns = makeMdns({ interface: address, bind: '0.0.0.0' })
mdns.on('response', ({ answers }) => {
  for (const answer of answers ?? []) {
    if (answer.type !== 'A' || answer.name !== name) continue
    process.stdout.write(`${String(answer.data)}\n`)
    process.exit(0)
  }
})
const ask = () => mdns.query({ questions: [{ name, type: 'A' }] })
mdns.on('ready', () => setInterval(ask, 500))
setTimeout(() => process.exit(1), 8_000)
