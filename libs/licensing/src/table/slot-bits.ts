const BITS_A_WORD = 32;

/** One bit an action for each slot, side by side: 40 KB for ten thousand licenses and 32 actions, so that they stay in the cache. */
export class SlotBits {
  private slots = 0;
  private wordsASlot = 1;
  private words = new Uint32Array(0);

  /** 1 or 0, as no bit at all is. */
  read(slot: number, bit: number | undefined): number {
    if (bit === undefined) return 0;
    const word = this.words[slot * this.wordsASlot + (bit >>> 5)] as number;
    return (word >>> (bit & 31)) & 1;
  }

  /** Exactly these bits. There must be room for them. */
  write(slot: number, bits: readonly number[]): void {
    const at = slot * this.wordsASlot;
    this.words.fill(0, at, at + this.wordsASlot);
    for (const bit of bits) {
      const word = at + (bit >>> 5);
      this.words[word] = (this.words[word] as number) | (1 << (bit & 31));
    }
  }

  /** Room for so many slots of so many bits; what is there stays. */
  reserve(slots: number, bits: number): void {
    const wordsASlot = Math.max(this.wordsASlot, Math.ceil(bits / BITS_A_WORD));
    if (slots <= this.slots && wordsASlot === this.wordsASlot) return;
    const words = new Uint32Array(grown(this.slots, slots) * wordsASlot);
    for (let slot = 0; slot < this.slots; slot += 1) {
      const from = slot * this.wordsASlot;
      words.set(this.words.subarray(from, from + this.wordsASlot), slot * wordsASlot);
    }
    this.words = words;
    this.wordsASlot = wordsASlot;
    this.slots = words.length / wordsASlot;
  }
}

const SLOTS_MIN = 64;

/** Room for what is needed: when there is too little, by a quarter more, so that it is seldom copied and little stands empty. */
export function grown(present: number, needed: number): number {
  return needed <= present ? present : Math.max(needed, SLOTS_MIN, present + (present >>> 2));
}
