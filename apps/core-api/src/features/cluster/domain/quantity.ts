// Amounts of CPU and memory, in the one spelling in which the API server gives them back: `500m` and `2`, `512Mi` and `3Gi`.

const cpuShape = /^([1-9][0-9]{0,8})(m?)$/;
const memoryShape = /^([1-9][0-9]{0,8})(Mi|Gi)$/;

/** Null, or how to write it. */
export function quantityMistake(kind: 'cpu' | 'memory', text: string): string | null {
  const [, digits = '', unit] = (kind === 'cpu' ? cpuShape : memoryShape).exec(text) ?? [];
  if (digits === '') return kind === 'cpu' ? 'must be like 500m or 2' : 'must be like 512Mi or 3Gi';
  const canonical = kind === 'cpu' ? cpuText(milliOf(text)) : memoryText(mebiOf(text));
  return canonical === text || unit === undefined ? null : `must be written ${canonical}`;
}

const milliOf = (text: string): bigint => {
  const [, digits = '0', unit] = cpuShape.exec(text) ?? [];
  return BigInt(digits) * (unit === 'm' ? 1n : 1000n);
};
const mebiOf = (text: string): bigint => {
  const [, digits = '0', unit] = memoryShape.exec(text) ?? [];
  return BigInt(digits) * (unit === 'Gi' ? 1024n : 1n);
};
const cpuText = (milli: bigint): string => (milli % 1000n === 0n ? String(milli / 1000n) : `${milli}m`);
const memoryText = (mebi: bigint): string => (mebi % 1024n === 0n ? `${mebi / 1024n}Gi` : `${mebi}Mi`);

/** Whether `left` is more than `right`, of one kind. */
export function isMoreQuantity(left: string, right: string): boolean {
  return memoryShape.test(left) ? mebiOf(left) > mebiOf(right) : milliOf(left) > milliOf(right);
}

export function timesQuantity(text: string, times: number): string {
  return memoryShape.test(text) ? memoryText(mebiOf(text) * BigInt(times)) : cpuText(milliOf(text) * BigInt(times));
}
