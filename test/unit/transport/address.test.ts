import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress, parseAddressList } from '../../../src/transport/address.js';

describe('parseAddress', () => {
  it.each([
    ['127.0.0.1:7000', '127.0.0.1', 7000],
    ['db.example:0', 'db.example', 0],
    [':7000', '', 7000],
    ['[::1]:7000', '::1', 7000],
    ['[fe80::1%eth0]:65535', 'fe80::1%eth0', 65535],
  ])('%s', (text, host, port) => {
    expect(parseAddress(text)).toEqual({ host, port });
    expect(formatAddress({ host, port })).toBe(text);
  });

  it.each([
    ['', 'it is empty'],
    ['localhost', 'the :PORT is missing'],
    ['::1:7000', 'an IPv6 host needs brackets'],
    ['[::1', "the ']' is missing"],
    ['[::1]', 'no :PORT follows the bracket'],
    ['[localhost]:1', "'localhost' is not an IPv6 address"],
    ['a b:1', 'it contains white space'],
    ['host:http', "'http' is not a port number"],
    ['host:', "'' is not a port number"],
    ['host:65536', 'port 65536 is above 65535'],
  ])('refuses %j', (text, reason) => {
    expect(() => parseAddress(text, '--listen')).toThrow(
      expect.objectContaining({ code: 'FTW_USAGE', message: expect.stringContaining(`--listen '${text}'`) }),
    );
    expect(() => parseAddress(text)).toThrow(reason);
  });
});

describe('parseAddressList', () => {
  it('takes white space around the commas', () => {
    expect(parseAddressList('a:1, [::1]:2')).toEqual([
      { host: 'a', port: 1 },
      { host: '::1', port: 2 },
    ]);
  });

  it('refuses an empty item', () => {
    expect(() => parseAddressList('a:1,,b:2')).toThrow('it is empty');
  });
});
