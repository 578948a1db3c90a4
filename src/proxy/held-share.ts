/** What holds back acknowledgements: descriptors of two maps of the kernel, and how many slots they have. */
export interface HeldSlots {
  readonly connections: number
  readonly held: number
  readonly slots: number
}

/** Those from `first` on are one lane's. */
export interface HeldShare extends HeldSlots {
  readonly first: number
  readonly count: number
}
