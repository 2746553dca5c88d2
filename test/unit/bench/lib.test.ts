import { describe, expect, it } from 'vitest';
import { ReplyCounter } from '../../../bench/lib/reply-counter.mjs';
import { Histogram, median, quantile, ratioSpread, spread } from '../../../bench/lib/statistics.mjs';
import { formatTable } from '../../../bench/lib/table.mjs';

describe('statistics', () => {
  it('quantiles are samples', () => {
    const samples = [5, 1, 4, 2, 3];
    expect([0, 0.2, 0.5, 0.99, 1].map((q) => quantile(samples, q))).toEqual([1, 1, 3, 5, 5]);
    expect(quantile([7], 0.5)).toBe(7);
  });

  it('the median of an even number of samples lies between two', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3, q1: 1, q3: 3 });
    expect(spread([8, 6, 4, 2, 1, 3, 5, 7])).toMatchObject({ q1: 2, q3: 6 });
  });

  it('ratios are taken round by round', () => {
    expect(ratioSpread([10, 40, 90], [10, 20, 30])).toEqual({ median: 2, min: 1, max: 3, q1: 1, q3: 3 });
  });

  it('a histogram agrees with sorting', () => {
    const histogram = new Histogram();
    const samples = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 5000);
    for (const sample of samples) histogram.add(sample);
    for (const q of [0.01, 0.5, 0.99, 1]) expect(histogram.quantileUs(q)).toBe(quantile(samples, q));
    histogram.add(3_000_000);
    expect(histogram.maxUs).toBe(3_000_000);
    expect(histogram.total).toBe(1001);
  });
});

describe('the reply counter', () => {
  const stream = Buffer.from('+OK\r\n$5\r\nab\r\nc\r\n$-1\r\n:12\r\n-ERR no\r\n$0\r\n\r\n+OK\r\n');

  it('counts whole replies, wherever the stream is cut', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const counter = new ReplyCounter();
      expect(counter.count(stream.subarray(0, cut)) + counter.count(stream.subarray(cut))).toBe(7);
      expect(counter.errors).toBe(1);
    }
  });
});

describe('tables', () => {
  it('line up', () => {
    expect(
      formatTable(
        ['name', 'n'],
        [
          ['a', '1'],
          ['bcdef', '10'],
        ],
      ),
    ).toBe('name    n\n-----  --\na       1\nbcdef  10');
  });
});
