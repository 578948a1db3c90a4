import { messageOf } from '../base/errors.js'

/** What could not be had says why, in words. */
export type Found<T> = T | { readonly why: string }

export interface Looking<T> {
  /** May throw. */
  readonly bind: () => Found<T>
  /** It does what it should. */
  readonly isSound: (found: T) => boolean
  /** Said where it is not there, before the reason; and where it is and does something else. */
  readonly missing: string
  readonly unsound: string
}

/** Functions of a library that were not linked but looked up: once, and tried before any use. */
export function foundOnce<T extends object>({ bind, isSound, missing, unsound }: Looking<T>): () => Found<T> {
  let found: Found<T> | undefined
  const look = (): Found<T> => {
    try {
      const bound = bind()
      return 'why' in bound || isSound(bound) ? bound : { why: unsound }
    } catch (error) {
      return { why: `${missing}: ${messageOf(error)}` }
    }
  }
  return () => {
    found ??= look()
    return found
  }
}
