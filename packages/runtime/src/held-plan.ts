import type { Plan } from './plan.js';

/** A plan in use. */
export interface PlanLease {
  readonly plan: Plan;
  /** Harmless when repeated. */
  release(): void;
}

/** A plan that is disposed of once it is retired and its last run is over. */
export class HeldPlan {
  readonly plan: Plan;
  private users = 0;
  private retired = false;

  constructor(plan: Plan) {
    this.plan = plan;
  }

  lease(): PlanLease {
    this.users++;
    let released = false;
    return {
      plan: this.plan,
      release: () => {
        if (released) return;
        released = true;
        this.users--;
        this.disposeWhenIdle();
      },
    };
  }

  retire(): void {
    this.retired = true;
    this.disposeWhenIdle();
  }

  private disposeWhenIdle(): void {
    if (this.retired && this.users === 0) this.plan.dispose();
  }
}
