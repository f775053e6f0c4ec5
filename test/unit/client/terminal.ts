import { Writable } from 'node:stream';

/** A stream that has colours, as a terminal has. */
export class Terminal extends Writable {
  readonly isTTY = true;

  getColorDepth(): number {
    return 8;
  }
}
