import ts from 'typescript';

/** One change of one place of a source text. */
export interface Mutant {
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly original: string;
  readonly replacement: string;
}

/** Each comparison is moved by its boundary and turned around; each sign, connection and negation is turned around. */
const OPERATORS: ReadonlyMap<ts.SyntaxKind, readonly string[]> = new Map([
  [ts.SyntaxKind.LessThanToken, ['<=', '>=']],
  [ts.SyntaxKind.LessThanEqualsToken, ['<', '>']],
  [ts.SyntaxKind.GreaterThanToken, ['>=', '<=']],
  [ts.SyntaxKind.GreaterThanEqualsToken, ['>', '<']],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, ['!==']],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, ['===']],
  [ts.SyntaxKind.AmpersandAmpersandToken, ['||']],
  [ts.SyntaxKind.BarBarToken, ['&&']],
  [ts.SyntaxKind.PlusToken, ['-']],
  [ts.SyntaxKind.MinusToken, ['+']],
  [ts.SyntaxKind.AsteriskToken, ['/']],
  [ts.SyntaxKind.SlashToken, ['*']],
  [ts.SyntaxKind.PercentToken, ['*']],
  [ts.SyntaxKind.PlusEqualsToken, ['-=']],
  [ts.SyntaxKind.MinusEqualsToken, ['+=']],
]);

/** The changes that a test must notice, in the order of the text. Types and texts are left alone. */
export function mutantsOf(text: string): Mutant[] {
  const source = ts.createSourceFile('mutated.ts', text, ts.ScriptTarget.ES2022, true);
  const found: Mutant[] = [];
  const add = (start: number, end: number, replacements: readonly string[]): void => {
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    const original = text.slice(start, end);
    for (const replacement of replacements) found.push({ start, end, line, original, replacement });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    if (ts.isBinaryExpression(node) && !joinsTexts(node)) {
      const { operatorToken } = node;
      add(operatorToken.getStart(), operatorToken.end, OPERATORS.get(operatorToken.kind) ?? []);
    } else if (ts.isPrefixUnaryExpression(node)) {
      const isSign = node.operator === ts.SyntaxKind.MinusToken || node.operator === ts.SyntaxKind.ExclamationToken;
      if (isSign) add(node.getStart(), node.operand.getStart(), ['']);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What is glued together is no sum. */
function joinsTexts({ operatorToken, left, right }: ts.BinaryExpression): boolean {
  if (operatorToken.kind !== ts.SyntaxKind.PlusToken) return false;
  return [left, right].some((side) => ts.isStringLiteralLike(side) || ts.isTemplateExpression(side));
}
