/** One cache line: 8 floats, or 16 words, of the same bytes. */
const FLOATS_A_LINE = 8;
const WORDS_A_LINE = 16;
const BITS_A_WORD = 32;

/** Of a slot: two floats (from, until), then words: the verdict, and the bits. */
const FROM = 0;
const UNTIL = 1;
const VERDICT = 4;
const BITS = 5;

/**
 * What each question reads of a license, side by side: until when which verdict holds, and one bit an action. A slot is one cache line
 * while there are at most 352 actions: among ten thousand licenses the time of a question goes into reading memory.
 */
export class LicenseLines {
  private slots = 0;
  private lines = 1;
  private floats = new Float64Array(0);
  private words = new Uint32Array(0);

  /** The verdict in force at an instant; -1 when it has to be found anew. */
  verdictAt(slot: number, nowMs: number): number {
    const at = slot * this.lines * FLOATS_A_LINE;
    // Written so that an instant which is no number finds nothing in force.
    if (!(nowMs >= (this.floats[at + FROM] as number) && nowMs < (this.floats[at + UNTIL] as number))) return -1;
    return this.words[at * 2 + VERDICT] as number;
  }

  setVerdict(slot: number, verdict: number, fromMs: number, untilMs: number): void {
    const at = slot * this.lines * FLOATS_A_LINE;
    this.floats[at + FROM] = fromMs;
    this.floats[at + UNTIL] = untilMs;
    this.words[at * 2 + VERDICT] = verdict;
  }

  hasBit(slot: number, bit: number): boolean {
    const word = this.words[slot * this.lines * WORDS_A_LINE + BITS + (bit >>> 5)] as number;
    return (word & (1 << (bit & 31))) !== 0;
  }

  /** No verdict, no bits. */
  clear(slot: number): void {
    const at = slot * this.lines * WORDS_A_LINE;
    this.words.fill(0, at, at + this.lines * WORDS_A_LINE);
  }

  setBit(slot: number, bit: number): void {
    const at = slot * this.lines * WORDS_A_LINE + BITS + (bit >>> 5);
    this.words[at] = ((this.words[at] as number) | (1 << (bit & 31))) >>> 0;
  }

  /** Room for so many slots of so many bits; what is there stays. */
  reserve(slots: number, bits: number): void {
    const lines = Math.ceil((BITS + bits / BITS_A_WORD) / WORDS_A_LINE);
    if (slots <= this.slots && lines <= this.lines) return;
    const newSlots = slots <= this.slots ? this.slots : grown(this.slots, slots);
    const newLines = Math.max(lines, this.lines);
    const floats = new Float64Array(newSlots * newLines * FLOATS_A_LINE);
    for (let slot = 0; slot < this.slots; slot += 1) {
      const from = slot * this.lines * FLOATS_A_LINE;
      const line = this.floats.subarray(from, from + this.lines * FLOATS_A_LINE);
      floats.set(line, slot * newLines * FLOATS_A_LINE);
    }
    [this.slots, this.lines] = [newSlots, newLines];
    this.floats = floats;
    this.words = new Uint32Array(floats.buffer);
  }
}

const SLOTS_MIN = 64;

/** By a quarter more than there was: few copies, and little that stands empty. */
export function grown(present: number, needed: number): number {
  return Math.max(needed, SLOTS_MIN, present + (present >>> 2));
}
