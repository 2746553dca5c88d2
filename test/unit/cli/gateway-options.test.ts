import { describe, expect, it } from 'vitest';
import { type RawGatewayFlags, toGatewayOptions } from '../../../src/cli/gateway-options.js';

const FLAGS: RawGatewayFlags = { listen: ['127.0.0.1:6379'], replicas: 'alpha:7000, [::1]:7001' };

describe('toGatewayOptions', () => {
  it('takes addresses, the rest has defaults', () => {
    expect(toGatewayOptions(FLAGS)).toEqual({
      gateway: { listen: ['127.0.0.1:6379'], replicas: ['alpha:7000', '[::1]:7001'] },
      log: { json: false, level: 'info' },
    });
  });

  it('takes everything', () => {
    expect(toGatewayOptions({ ...FLAGS, service: 'kv', wait: '5s', json: true, logLevel: 'warn' })).toEqual({
      gateway: { ...toGatewayOptions(FLAGS).gateway, service: 'kv', waitMs: 5000 },
      log: { json: true, level: 'warn' },
    });
  });

  it.each<[string, RawGatewayFlags, string]>([
    ['nowhere to listen', { replicas: 'a:1' }, 'gateway needs --listen'],
    ['nobody to serve', { listen: ['a:1'] }, 'gateway needs --replicas'],
    ['a bad address', { ...FLAGS, listen: ['6379'] }, "--listen '6379' is not an address: the :PORT is missing"],
    ['an empty item', { ...FLAGS, replicas: 'a:1,' }, "--replicas '' is not an address: it is empty"],
    ['a bad duration', { ...FLAGS, wait: '5' }, "--wait '5': the unit is missing"],
  ])('refuses %s', (_, flags, message) => {
    expect(() => toGatewayOptions(flags)).toThrow(
      expect.objectContaining({ code: 'FTW_USAGE', message: expect.stringContaining(message) }),
    );
  });
});
