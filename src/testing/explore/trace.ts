/** A failure in words: what went wrong where, what was there afterwards, and how to see it again. */
import { type CrashState, inodesOf } from '../crash-images.ts';
import type { Aftermath } from './laboratory.ts';
import { describeCall } from './performed-run.ts';
import type { Recording } from './recording.ts';
import { fileName, lostUnits, nothingLeft, unitName } from './remainder-choice.ts';
import type { FoundFailure } from './survey.ts';
import { type Disturbance, disturbedCall, encodeTrial, type WrittenRemainder } from './trial.ts';

const CALL_COUNT_SHOWN = 10;
const TEXT_LENGTH_MAX = 300;

export function describeFailure(
  { trial, error }: FoundFailure,
  left: Aftermath,
  parts: { readonly recording: Recording; readonly seed: number },
): string {
  const { recording, seed } = parts;
  const { disturbance, image } = trial;
  const lines = [
    describeDisturbance(disturbance, recording),
    `  acknowledged: ${show(left.acknowledged)}`,
    ...(image === 'everything' ? [] : describeRemainder(left.state, image)),
    ...describeCalls(disturbance, recording),
    `  error: ${short(error instanceof Error ? `${error.name}: ${error.message}` : show(error))}`,
    `  again: seed: ${seed}, replay: '${encodeTrial(trial)}'`,
  ];
  return lines.join('\n');
}

function describeDisturbance(disturbance: Disturbance, { calls, moments }: Recording): string {
  const callAt = (index: number) => {
    const call = calls[index];
    return call === undefined ? 'the end of the run' : describeCall(call);
  };
  if ('moment' in disturbance) {
    const moment = moments.find(({ ordinal }) => ordinal === disturbance.moment);
    return `${disturbance.fault} before ${callAt(moment?.nextCall ?? calls.length)}`;
  }
  switch (disturbance.fault) {
    case 'none':
      return 'without any fault';
    case 'crash':
      return `crash inside ${callAt(disturbance.call)}, after ${disturbance.afterBytes} of them`;
    case 'io-error':
      return 'byteCount' in disturbance
        ? `io-error: only ${disturbance.byteCount} bytes at ${callAt(disturbance.call)}`
        : `io-error, ${disturbance.repetition}, at ${callAt(disturbance.call)}`;
    case 'sync-failure':
      return `sync-failure (${disturbance.personality}), ${disturbance.repetition}, at ${callAt(disturbance.call)}`;
    case 'disk-full':
      return `disk-full: room for ${disturbance.capacity} bytes`;
    case 'rot':
      return `rot after the run: bit ${disturbance.bit} of byte ${disturbance.offset} of ${disturbance.file}`;
  }
}

function describeCalls(disturbance: Disturbance, { calls, moments }: Recording): string[] {
  const moment =
    'moment' in disturbance
      ? moments.find(({ ordinal }) => ordinal === disturbance.moment)
      : undefined;
  const end = moment?.nextCall ?? disturbedCall(disturbance) ?? 0;
  const start = Math.max(0, end - CALL_COUNT_SHOWN);
  const before = calls.slice(start, end).map((call) => `    ${describeCall(call)}`);
  return before.length === 0 ? [] : ['  calls before it:', ...before];
}

function describeRemainder(state: CrashState, written: WrittenRemainder): string[] {
  const names = (remainder: WrittenRemainder) =>
    lostUnits(state, remainder).map((unit) => unitName(state, unit));
  const lost = names(written);
  const arrived = names(nothingLeft(state)).filter((name) => !lost.includes(name));
  return [
    `  lost of what was not synced: ${listed([...lost, ...damages(state, written)])}`,
    `  arrived of it: ${listed(arrived)}`,
  ];
}

function damages(state: CrashState, { files }: WrittenRemainder): string[] {
  const inodes = [...inodesOf(state)];
  return Object.entries(files).flatMap(([file, { size, damage, uncut = [] }]) => {
    const name = fileName(state, Number(file));
    const fullSize = inodes[Number(file)]?.live.size;
    return [
      ...(size === fullSize ? [] : [`${name} is ${size} bytes long instead of ${fullSize}`]),
      ...(damage === undefined ? [] : [`sector ${damage.sector} of ${name} is ${damage.how}`]),
      ...uncut.map((sector) => `sector ${sector} of ${name}, which was cut off, is back`),
    ];
  });
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : short(names.join(', '));
}

function show(what: unknown): string {
  try {
    const text = JSON.stringify(what, (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    );
    return short(text ?? String(what));
  } catch {
    return short(String(what));
  }
}

function short(text: string): string {
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX)}…`;
}
