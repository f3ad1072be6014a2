import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { PLATFORM_EVENT_TYPES, type PlatformEventType } from '@biplane/contracts';

/** Declared for receivers before their emitters are there. */
const STILL_TO_COME: readonly PlatformEventType[] = [];

const features = new URL('../', import.meta.url);

function sources(): string[] {
  return readdirSync(features, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('spec.ts') && !path.startsWith('events/'))
    .map((path) => readFileSync(new URL(path, features), 'utf8'));
}

describe('platform events', () => {
  it('every declared type has an emitter in core-api, or is listed as still to come', () => {
    // The audit names its actions with the same words.
    const lines = sources().flatMap((text) => text.split('\n').filter((line) => !line.includes('action:')));
    const emitted = PLATFORM_EVENT_TYPES.filter((type) => lines.some((line) => line.includes(`'${type}'`)));
    expect(PLATFORM_EVENT_TYPES.filter((type) => !emitted.includes(type))).toEqual(STILL_TO_COME);
  });
});
