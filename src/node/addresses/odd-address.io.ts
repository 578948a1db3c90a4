/** An address that is this host's own, or that must be and is not, is a typing error more often than a plan. */
import { isOwned, type Service } from '../../proxy/service.js'
import { probeLocalAddress } from './local-address.io.js'

export interface OddAddress {
  readonly code: 'ERR_ADDRESS_HERE' | 'ERR_ADDRESS_NOT_HERE'
  /** The rest of a sentence that begins with the address. */
  readonly problem: string
  readonly hint: string
}

/** `brought`: addresses that this node itself has brought here. */
export async function oddAddressOf(
  service: Pick<Service, 'address' | 'own'>,
  brought: readonly string[],
): Promise<OddAddress | undefined> {
  const { address, own } = service
  const errno = await probeLocalAddress(address)
  if (isOwned(service)) {
    if (errno !== '' || own === 'hook' || brought.includes(address)) return undefined
    return {
      code: 'ERR_ADDRESS_HERE',
      problem: "is an address of this host already, and a service's address is brought by its director",
      hint: 'choose another that no host has; or remove it there; or say --own none if every node that may direct has it',
    }
  }
  if (errno === '') return undefined
  return {
    code: 'ERR_ADDRESS_NOT_HERE',
    problem: `is not on this host (${errno})`,
    hint: 'add it to an interface of every node that may direct (`ip address add`), choose an address that is there, or say --force if only other nodes have it',
  }
}
