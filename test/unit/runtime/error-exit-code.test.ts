import { expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../../src/errors.js';
import { EXIT_CODES } from '../../../src/replica/exit-codes.js';
import { errorExitCode } from '../../../src/runtime/error-exit-code.js';

it('calls nothing a bug that has a code of its own', () => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    expect(errorExitCode(code), code).not.toBe(EXIT_CODES.internal);
  }
  expect(errorExitCode(undefined)).toBe(EXIT_CODES.internal);
});
