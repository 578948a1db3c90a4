/** Whether connections of programs can be led here: why not, or ''. */
export interface SteeringCapability {
  /** This process may make cgroups. */
  readonly cgroups: string
  /** Programs of one cgroup, and what they start. */
  readonly runAs: string
  /** Programs of the whole host, by the port that they connect to. */
  readonly outAlias: string
}
