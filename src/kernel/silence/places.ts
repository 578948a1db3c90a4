/** In a network namespace of their own, where nobody else is. */
export const THE_ADDRESS = '10.255.255.1'
export const CLIENT_ADDRESS = '10.255.255.2'
export const CLIENTS = 8
