// @ts-check
/**
 * Small changes of a source text, each of which a test should notice.
 *
 * Left alone is what only words or types can see: what is said to people (a text with a space in
 * it), asserts (they say what cannot happen), imports, and everything of the type system.
 */
import ts from 'typescript';

/**
 * @typedef {object} Change
 * @property {number} start What is replaced begins here in the text.
 * @property {number} end
 * @property {string} replace Takes its place; for a statement, the empty string.
 * @property {'expression' | 'statement'} kind
 * @property {string} place The function around it.
 * @property {number} line
 */

const S = ts.SyntaxKind;

/** @type {ReadonlyMap<ts.SyntaxKind, readonly string[]>} */
const OPERATORS = new Map([
  [S.LessThanToken, ['<=']],
  [S.LessThanEqualsToken, ['<']],
  [S.GreaterThanToken, ['>=']],
  [S.GreaterThanEqualsToken, ['>']],
  [S.EqualsEqualsEqualsToken, ['!==']],
  [S.ExclamationEqualsEqualsToken, ['===']],
  [S.PlusToken, ['-']],
  [S.MinusToken, ['+']],
  [S.AsteriskToken, ['/']],
  [S.SlashToken, ['*']],
  [S.PercentToken, ['*']],
  [S.LessThanLessThanToken, ['>>']],
  [S.GreaterThanGreaterThanToken, ['<<']],
  [S.GreaterThanGreaterThanGreaterThanToken, ['<<']],
  [S.AmpersandToken, ['|']],
  [S.BarToken, ['&']],
  [S.CaretToken, ['&']],
  [S.PlusEqualsToken, ['-=']],
  [S.MinusEqualsToken, ['+=']],
]);
const LOGICAL = new Set([S.AmpersandAmpersandToken, S.BarBarToken, S.QuestionQuestionToken]);
const EQUALITY = new Set([S.EqualsEqualsEqualsToken, S.ExclamationEqualsEqualsToken]);
const COMPARING = new Set([
  S.LessThanToken,
  S.LessThanEqualsToken,
  S.GreaterThanToken,
  S.GreaterThanEqualsToken,
  S.EqualsEqualsEqualsToken,
  S.ExclamationEqualsEqualsToken,
  S.AmpersandAmpersandToken,
  S.BarBarToken,
]);

/** @param {string} file @param {string} text @returns {readonly Change[]} */
export function changesOf(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  /** @type {Change[]} */
  const changes = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (isLeftAlone(node)) return;
    for (const { at = node, replace, kind = 'expression' } of changesAt(node)) {
      const start = at.getStart(source);
      const line = source.getLineAndCharacterOfPosition(start).line + 1;
      changes.push({ start, end: at.end, replace, kind, place: placeOf(node), line });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return changes;
}

/** @param {ts.Node} node */
function isLeftAlone(node) {
  return (
    ts.isTypeNode(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node) ||
    isAssert(node)
  );
}

/** @param {ts.Node} node */
function isAssert(node) {
  return (
    ts.isExpressionStatement(node) &&
    ts.isCallExpression(node.expression) &&
    node.expression.expression.getText() === 'assert'
  );
}

/** @typedef {{ at?: ts.Node, replace: string, kind?: Change['kind'] }} Found */

/** @param {ts.Node} node @returns {readonly Found[]} */
function changesAt(node) {
  if (ts.isExpressionStatement(node)) return ofExpressionStatement(node);
  if (ts.isIfStatement(node)) return ofCondition(node.expression, ['true', 'false']);
  if (ts.isWhileStatement(node) || ts.isDoStatement(node)) {
    return ofCondition(node.expression, ['false']);
  }
  if (ts.isForStatement(node)) {
    return node.condition === undefined ? [] : ofCondition(node.condition, ['false']);
  }
  if (ts.isConditionalExpression(node)) return ofCondition(node.condition, ['true', 'false']);
  if (ts.isThrowStatement(node) || ts.isBreakStatement(node) || ts.isContinueStatement(node)) {
    return [{ replace: '', kind: 'statement' }];
  }
  if (ts.isReturnStatement(node)) return ofReturn(node);
  if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) return ofValue(node.body);
  if (ts.isBinaryExpression(node)) return ofBinary(node);
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) return ofUnary(node);
  if (ts.isAwaitExpression(node)) return [{ replace: node.expression.getText() }];
  if (ts.isYieldExpression(node)) return ofYield(node);
  if (ts.isArrayLiteralExpression(node)) return ofArray(node);
  if (ts.isCallExpression(node) || ts.isPropertyAccessExpression(node)) return ofChain(node);
  return ofLiteral(node);
}

/** @param {ts.ExpressionStatement} node @returns {readonly Found[]} */
function ofExpressionStatement(node) {
  const { expression } = node;
  if (ts.isCallExpression(expression) && expression.expression.kind === S.SuperKeyword) return [];
  return [{ replace: '', kind: 'statement' }];
}

/** @param {ts.Expression} at @param {readonly string[]} values @returns {readonly Found[]} */
function ofCondition(at, values) {
  return values.filter((value) => value !== at.getText()).map((replace) => ({ at, replace }));
}

/** @param {ts.ReturnStatement} node @returns {readonly Found[]} */
function ofReturn({ expression }) {
  if (expression === undefined) return [{ replace: '', kind: 'statement' }];
  return ofValue(expression);
}

/** @param {ts.Expression} at @returns {readonly Found[]} */
function ofValue(at) {
  if (isTruth(at)) return ofCondition(at, ['true', 'false']);
  const text = at.getText();
  if (text === 'undefined' || text === 'true' || text === 'false') return [];
  return [{ at, replace: 'undefined' }];
}

/** @param {ts.Expression} node @returns {boolean} */
function isTruth(node) {
  if (ts.isParenthesizedExpression(node)) return isTruth(node.expression);
  if (ts.isPrefixUnaryExpression(node)) return node.operator === S.ExclamationToken;
  return ts.isBinaryExpression(node) && COMPARING.has(node.operatorToken.kind);
}

/** @param {ts.BinaryExpression} node @returns {readonly Found[]} */
function ofBinary(node) {
  const { left, operatorToken, right } = node;
  if (operatorToken.kind === S.PlusToken && (isText(left) || isText(right))) return [];
  const isOpposite = EQUALITY.has(operatorToken.kind) && isDecided(node);
  const others = isOpposite ? [] : (OPERATORS.get(operatorToken.kind) ?? []);
  const { kind } = operatorToken;
  const isAssignment = kind >= S.FirstAssignment && kind <= S.LastAssignment;
  const swapped = others.map((other) => ({
    replace: isAssignment
      ? `${left.getText()} ${other} ${right.getText()}`
      : `(${left.getText()}) ${other} (${right.getText()})`,
  }));
  if (!LOGICAL.has(operatorToken.kind)) return swapped;
  return [...swapped, { replace: left.getText() }, { replace: right.getText() }];
}

/** Both outcomes are tried already, or it is left out of what combines it. @param {ts.Expression} node */
function isDecided({ parent }) {
  return (
    ts.isIfStatement(parent) ||
    ts.isConditionalExpression(parent) ||
    ts.isReturnStatement(parent) ||
    ts.isArrowFunction(parent) ||
    (ts.isBinaryExpression(parent) && LOGICAL.has(parent.operatorToken.kind))
  );
}

/** @param {ts.Node} node @returns {boolean} */
function isText(node) {
  if (ts.isBinaryExpression(node)) return isText(node.left) || isText(node.right);
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
}

/** @param {ts.PrefixUnaryExpression | ts.PostfixUnaryExpression} node @returns {readonly Found[]} */
function ofUnary(node) {
  const operand = node.operand.getText();
  if (node.operator === S.ExclamationToken) return isDecided(node) ? [] : [{ replace: operand }];
  if (node.operator === S.MinusToken) return [{ replace: operand }];
  const isStatement = ts.isExpressionStatement(node.parent); // Leaving it out says more.
  if (isStatement) return [];
  if (node.operator === S.PlusPlusToken) return [{ replace: `${operand}--` }];
  if (node.operator === S.MinusMinusToken) return [{ replace: `${operand}++` }];
  return [];
}

/** `yield* wait(x)`: what must be waited for is only begun. @param {ts.YieldExpression} node @returns {readonly Found[]} */
function ofYield({ expression }) {
  if (expression === undefined || !ts.isCallExpression(expression)) return [];
  const begun = expression.arguments[0];
  if (expression.expression.getText() !== 'wait' || begun === undefined) return [];
  return [{ replace: begun.getText() }];
}

/** @param {ts.ArrayLiteralExpression} node @returns {readonly Found[]} */
function ofArray({ elements }) {
  return elements.map((_, i) => ({
    replace: `[${elements
      .filter((__, j) => j !== i)
      .map((element) => element.getText())
      .join(', ')}]`,
  }));
}

/** The whole of `a?.b.c`, with one question mark less. @param {ts.CallExpression | ts.PropertyAccessExpression} node @returns {readonly Found[]} */
function ofChain(node) {
  const isWithin =
    (ts.isPropertyAccessExpression(node.parent) ||
      ts.isElementAccessExpression(node.parent) ||
      ts.isCallExpression(node.parent) ||
      ts.isNonNullExpression(node.parent)) &&
    node.parent.expression === node;
  if (isWithin || (node.flags & ts.NodeFlags.OptionalChain) === 0) return [];
  /** @type {Found[]} */
  const found = [];
  const start = node.getStart();
  /** @type {ts.Node} */
  let link = node;
  while (
    ts.isPropertyAccessExpression(link) ||
    ts.isElementAccessExpression(link) ||
    ts.isCallExpression(link) ||
    ts.isNonNullExpression(link)
  ) {
    if (!ts.isNonNullExpression(link) && link.questionDotToken !== undefined) {
      const at = link.questionDotToken.getStart() - start;
      const dot = ts.isPropertyAccessExpression(link) ? '.' : '';
      const text = node.getText();
      found.push({ replace: text.slice(0, at) + dot + text.slice(at + 2) });
    }
    link = link.expression;
  }
  return found;
}

/** @param {ts.Node} node @returns {readonly Found[]} */
function ofLiteral(node) {
  if (node.kind === S.TrueKeyword) return [{ replace: 'false' }];
  if (node.kind === S.FalseKeyword) return [{ replace: 'true' }];
  if (ts.isNumericLiteral(node)) {
    return isName(node) ? [] : [{ replace: `(${node.getText()} + 1)` }];
  }
  if (ts.isBigIntLiteral(node)) return [{ replace: `(${node.getText()} + 1n)` }];
  if (!ts.isStringLiteral(node) || isName(node)) return [];
  return node.text.includes(' ') || node.text === '' ? [] : [{ replace: "''" }];
}

/** @param {ts.Node} node */
function isName(node) {
  return ts.isPropertyAssignment(node.parent) && node.parent.name === node;
}

/** The names of the functions and classes around a node. @param {ts.Node} node */
function placeOf(node) {
  /** @type {string[]} */
  const names = [];
  for (let at = node; at !== undefined; at = at.parent) {
    if (ts.isConstructorDeclaration(at)) names.unshift('constructor');
    else if (isNamed(at) && at.name !== undefined) names.unshift(at.name.getText());
  }
  return names.join('.');
}

/** @param {ts.Node} node @returns {node is ts.FunctionDeclaration | ts.MethodDeclaration | ts.ClassDeclaration | ts.AccessorDeclaration} */
function isNamed(node) {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isAccessor(node)
  );
}
