/** How many requests of one cluster may wait for a connection: one count for all its endpoints, in one worker. */
export class Pending {
  max: number;
  count = 0;

  constructor(max: number) {
    this.max = max;
  }

  /** @returns false if one more is too many */
  enter(): boolean {
    if (this.count >= this.max) return false;
    this.count++;
    return true;
  }

  leave(): void {
    this.count--;
  }
}
