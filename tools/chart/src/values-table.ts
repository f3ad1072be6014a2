import { isMap, parseDocument, type Node, type Pair, type Scalar } from 'yaml';

interface Row {
  readonly path: string;
  readonly value: string;
  readonly says: string;
}

/** The first paragraph of a comment: what follows is an example. */
const oneLine = (text: string | null | undefined): string =>
  (text ?? '')
    .split(/\n\s*\n/, 1)
    .join('')
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
    .trim();

/** A value that is a map of plain settings is taken apart, one that is handed on whole is not. */
function rowsOf(pair: Pair<Scalar<string>, Node>, parent: string): Row[] {
  const path = parent === '' ? pair.key.value : `${parent}.${pair.key.value}`;
  const says = oneLine(pair.key.commentBefore);
  if (isMap<Scalar<string>, Node>(pair.value) && pair.value.items.length > 0 && !pair.value.flow) {
    const [first] = pair.value.items;
    // The parser gives the comment of a map's first key to the map.
    if (first && pair.value.commentBefore) first.key.commentBefore ??= pair.value.commentBefore;
    const inner = pair.value.items.flatMap((item) => rowsOf(item as Pair<Scalar<string>, Node>, path));
    return says === '' ? inner : [{ path, value: '', says }, ...inner];
  }
  return [{ path, value: JSON.stringify(pair.value?.toJSON() ?? null), says }];
}

/** The table of the chart's README, from values.yaml and its comments. */
export function valuesTable(source: string): string {
  const document = parseDocument(source);
  if (!isMap<Scalar<string>, Node>(document.contents)) throw new Error('values.yaml holds no map');
  const rows = document.contents.items.flatMap((item) => rowsOf(item as Pair<Scalar<string>, Node>, ''));
  const cell = (text: string) => text.replaceAll('|', '\\|');
  return [
    '| value | default | |',
    '| --- | --- | --- |',
    ...rows.map(
      ({ path, value, says }) => `| \`${path}\` | ${value === '' ? '' : `\`${cell(value)}\``} | ${cell(says)} |`,
    ),
  ].join('\n');
}
