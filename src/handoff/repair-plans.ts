import { bytesRead, bytesToPeek, CAPTURE_STEPS, captureOf, noReadings, positionOf, snapshotOf } from './capture-plan.js'
import type { RepairPlans } from './ports.js'
import { LET_GO_STEPS, restoreSteps, takingSteps } from './restore-plan.js'

/** What kernel/repair works by. */
export const REPAIR_PLANS: RepairPlans = {
  captureSteps: CAPTURE_STEPS,
  letGoSteps: LET_GO_STEPS,
  restoreSteps,
  takingSteps,
  noReadings,
  bytesToPeek,
  bytesRead,
  snapshotOf,
  captureOf,
  positionOf,
}
