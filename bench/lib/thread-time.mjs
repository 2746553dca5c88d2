/** Processor time of the thread that runs the guest. That of the process has V8's compilers and collectors in it. */
import { readFileSync } from 'node:fs';

/** Linux counts in nanoseconds here, and says nothing where the kernel is built without statistics of its scheduler. */
const SCHEDULER = `/proc/self/task/${process.pid}/schedstat`;

/** Of the process's first thread so far, in milliseconds; of the whole process where no more can be known. */
export const threadMs = chosen();

function chosen() {
  if (typeof process.threadCpuUsage === 'function') return upToNow(() => total(process.threadCpuUsage()));
  const before = scheduled();
  return before > 0 ? upToNow(scheduled) : () => total(process.cpuUsage());
}

/**
 * A thread's time stands still between two ticks of the kernel, 4 ms or more, unless somebody asks for that of the whole
 * process: then it is brought up to date for the thread that asks.
 */
function upToNow(ofThread) {
  return () => {
    process.cpuUsage();
    return ofThread();
  };
}

function scheduled() {
  try {
    return Number(readFileSync(SCHEDULER, 'latin1').split(' ', 1)[0]) / 1e6;
  } catch {
    return 0;
  }
}

function total({ system, user }) {
  return (user + system) / 1000;
}
