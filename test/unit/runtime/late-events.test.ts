import { expect, test } from 'vitest';
import { LateEvents } from '../../../src/runtime/late-events.js';

function lateEvents() {
  const told: string[] = [];
  const soon: (() => void)[] = [];
  const events = new LateEvents<string>(
    (event) => told.push(event),
    (run) => soon.push(run),
  );
  return { told, soon, events };
}

test('events are told later, together and in order', () => {
  const { told, soon, events } = lateEvents();
  events.add('first');
  events.add('second');
  expect(told).toEqual([]);
  expect(soon).toHaveLength(1);
  soon[0]();
  expect(told).toEqual(['first', 'second']);
});

test('what is flushed is not told again, and later events are told later', () => {
  const { told, soon, events } = lateEvents();
  events.add('first');
  events.flush();
  expect(told).toEqual(['first']);
  soon[0]();
  events.add('second');
  expect(told).toEqual(['first']);
  soon[1]();
  expect(told).toEqual(['first', 'second']);
});

test('an event that is caused by telling another is not lost', () => {
  const told: string[] = [];
  const soon: (() => void)[] = [];
  const events: LateEvents<string> = new LateEvents(
    (event) => {
      told.push(event);
      if (event === 'cause') events.add('effect');
    },
    (run) => soon.push(run),
  );
  events.add('cause');
  soon[0]();
  expect(told).toEqual(['cause']);
  soon[1]();
  expect(told).toEqual(['cause', 'effect']);
});
