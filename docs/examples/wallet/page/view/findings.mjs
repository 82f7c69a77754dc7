// @ts-check
/** What the last kill has left, and all of them, one way beside the other. */
import { byId, element } from '../element.mjs';
import { amountText } from '../money/amount.mjs';

/** @import { Finding, Way } from '../kill.mjs' */

const TITLES = { whole: 'All of it', absent: 'Nothing of it', half: 'Half of it' };
const MARKS = { whole: '●', absent: '○', half: '✕' };
/** @type {readonly (readonly [Way, string])[]} */
const WAYS = [
  ['one', 'one commit'],
  ['two', 'two writes'],
];

/** @param {Finding} finding */
export function showFinding(finding) {
  const { outcome, killedAfterMs, openedInMs, isAcknowledged } = finding;
  const moment = isAcknowledged ? 'after the answer' : 'before any answer';
  byId('found', HTMLElement).replaceChildren(
    element(`p.verdict.${outcome}`, TITLES[outcome]),
    element('p', sentenceOf(finding)),
    element(
      'p.hint',
      `Killed ${killedAfterMs.toFixed(1)} ms after it was asked for, ${moment}. ` +
        `Open again in ${Math.round(openedInMs)} ms. ${toldText(finding)}`,
    ),
  );
}

/** @param {Finding} finding */
function sentenceOf({ outcome, isTaken, isGiven, isForgotten, gain, transfer }) {
  const { from, to } = transfer;
  const amount = amountText(transfer.amount);
  if (isForgotten) return `It was acknowledged, and ${amount} are not where they should be.`;
  if (outcome === 'whole') return `${from} has paid ${amount}, ${to} has it. The sum is the same.`;
  if (outcome === 'absent') return `${from} still has the ${amount}. The sum is the same.`;
  if (isTaken && !isGiven) return `${from} has paid ${amount}, and ${to} has got nothing.`;
  if (isGiven && !isTaken) return `${to} has got ${amount}, and ${from} still has it too.`;
  return `The sum has changed by ${amountText(gain)}.`;
}

/** @param {Finding} finding */
function toldText({ told }) {
  if (told === undefined) return 'Of two writes no store can say what became of them.';
  return `outcomeOf(token): ${told}.`;
}

/** @param {readonly Finding[]} findings */
export function showTally(findings) {
  const of = (/** @type {Way} */ way) => findings.filter((finding) => finding.way === way);
  byId('tally', HTMLTableSectionElement).replaceChildren(
    ...WAYS.map(([way, title]) => tallyRow(title, of(way))),
  );
  const strips = WAYS.filter(([way]) => of(way).length > 0).map(([way]) => strip(of(way)));
  byId('marks', HTMLElement).replaceChildren(...strips);
}

/** @param {string} title @param {readonly Finding[]} findings */
function tallyRow(title, findings) {
  const head = element('th', title);
  head.setAttribute('scope', 'row');
  const count = (/** @type {string} */ outcome) =>
    String(findings.filter((finding) => finding.outcome === outcome).length);
  const gain = findings.reduce((sum, finding) => sum + finding.gain, 0n);
  const halves = element(count('half') === '0' ? 'td' : 'td.bad', count('half'));
  const isMoved = findings.some((finding) => finding.gain !== 0n);
  const money = element(isMoved ? 'td.bad' : 'td', findings.length === 0 ? '–' : gainText(gain));
  return element(
    'tr',
    head,
    element('td', count('whole')),
    element('td', count('absent')),
    halves,
    money,
  );
}

/** @param {bigint} gain */
function gainText(gain) {
  if (gain === 0n) return '±0';
  return gain > 0n ? `+${amountText(gain)}` : amountText(gain);
}

/** For eyes only: the table says the same. @param {readonly Finding[]} findings */
function strip(findings) {
  const marks = findings.map(({ outcome, isForgotten }) => {
    return element(isForgotten ? `span.${outcome}.forgotten` : `span.${outcome}`, MARKS[outcome]);
  });
  const made = element('p.strip', ...marks);
  made.ariaHidden = 'true';
  return made;
}
