import { isSpec, type Check, type Finding, type Tree } from './tree.js';

const sections = ['owns', 'does not own', 'how it fails', 'invariants'];

/** The folders that owe a README: each feature of an app and each library. */
function owners(tree: Tree): string[] {
  const folders = tree.paths.flatMap((path) => {
    const folder = /^(apps\/[^/]+\/src\/features\/[^/]+|libs\/[^/]+)\//.exec(path)?.[1];
    return folder ? [folder] : [];
  });
  return [...new Set(folders)];
}

/** A section starts with a heading or with a bold word, and ends where the next one starts. */
const sectionStart = /^(?:#{1,4}\s+|\*\*(?=[A-Z][^*\n]*\*\*))([^\n:*.]+)/gm;

/** The text of each section by its lower-case title. */
function sectionsOf(text: string): Map<string, string> {
  const starts = [...text.matchAll(sectionStart)];
  return new Map(
    starts.map((start, index) => [
      (start[1] ?? '').trim().toLowerCase(),
      text.slice(start.index + start[0].length, starts[index + 1]?.index ?? text.length),
    ]),
  );
}

const title =
  /\b(?:it|test|describe)(?:\.each)?\s*(?:\((?:[^()'"`]|\([^()]*\))*\)\s*)?\(\s*(['"`])((?:\\.|(?!\1)[\s\S])*)\1/g;
const eachTitle = /\)\s*\(\s*(['"`])((?:\\.|(?!\1)[^\n])*)\1\s*,\s*(?:async\s*)?\(/g;

/** Every test title in the tree. Titles of tables are behind a second parenthesis. */
export function testTitles(tree: Tree): Set<string> {
  const titles = new Set<string>();
  for (const path of tree.paths.filter(isSpec)) {
    const text = tree.read(path);
    for (const pattern of [title, eachTitle]) {
      for (const match of text.matchAll(pattern)) titles.add(plain(match[2] ?? ''));
    }
  }
  return titles;
}

const plain = (text: string): string =>
  text
    .replace(/\\(['"`])/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();

/** What an invariant quotes: in backticks or in quotation marks. */
const quoted = (invariant: string): string[] =>
  [/`([^`]+)`/g, /"([^"]+)"/g, /“([^”]+)”/g, /(?<![\w])'((?:[^']|'(?=\w))+)'/g].flatMap((pattern) =>
    [...invariant.matchAll(pattern)].map((match) => plain((match[1] ?? '').replace(/^'(.*)'$/, '$1'))),
  );

/** Each invariant: a bullet, or a row of a table below its head. */
function invariantsOf(section: string): string[] {
  const bullets = section
    .split(/^(?=[-*] |\d+\. )/m)
    .map((bullet) => bullet.trim())
    .filter((bullet) => /^([-*]|\d+\.) /.test(bullet));
  const lines = section.split('\n');
  const head = lines.findIndex((line) => /^\|[\s:|-]+\|$/.test(line.trim()));
  const rows = head < 0 ? [] : lines.slice(head + 1).filter((line) => line.startsWith('|'));
  return [...bullets, ...rows];
}

export const readmes: Check = {
  name: 'every feature and library says what it owns, and each invariant names the test that holds it',
  run(tree) {
    const titles = testTitles(tree);
    return owners(tree).flatMap((folder): Finding[] => {
      const path = `${folder}/README.md`;
      if (!tree.paths.includes(path)) return [{ path, message: 'is missing' }];
      const found = sectionsOf(tree.read(path));
      const missing = sections
        .filter((section) => ![...found.keys()].some((heading) => heading.startsWith(section)))
        .map((section) => ({ path, message: `has no section "${section}"` }));
      const invariants = [...found].find(([heading]) => heading.startsWith('invariants'))?.[1] ?? '';
      const listed = invariantsOf(invariants);
      const none = missing.length === 0 && listed.length === 0 ? [{ path, message: 'lists no invariant' }] : [];
      const unheld = listed
        .filter((invariant) => !quoted(invariant).some((text) => titles.has(text)))
        .map((invariant) => ({
          path,
          message: `no test has the title that this invariant names: ${invariant.slice(0, 160).replace(/\s+/g, ' ')}`,
        }));
      return [...missing, ...none, ...unheld];
    });
  },
};
