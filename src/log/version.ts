/** Raised with every change of what batches or results look like; see test/golden/log. */
export const LOG_FORMAT_VERSION = 1;
