/** A guest without replication: `serve --solo`, the baseline of benchmarks. */

import { deferred } from '../deferred.js';
import type { GuestReport } from '../guest/protocol.js';
import { describeReport, reportExitCode } from '../guest-report.js';
import { checkGuestOptions, type GuestOptions, type Service, type ServiceExit } from '../options.js';
import { GuestHost } from './guest-host.js';

/** Starts `options.module` on this machine alone. Rejects if the module or an address cannot be used. */
export async function startSolo(options: GuestOptions): Promise<Service> {
  checkGuestOptions(options);
  const report = deferred<GuestReport>();
  const host = await GuestHost.open(
    options,
    { logging: false },
    {
      onBatch: () => {},
      onLive: () => {},
      onReport: report.resolve,
    },
  );
  await host.listeners.bind().catch(async (error) => {
    await host.close();
    throw error;
  });
  for (const address of host.listeners.addresses)
    options.onEvent?.({ name: 'listening', level: 'info', fields: { kind: 'client', address } });
  host.gate.release(Number.POSITIVE_INFINITY);
  host.listeners.serve(0);
  host.guest.start('live');
  void host.feedStdin(options.stdin);
  options.onEvent?.({ name: 'ready', level: 'info', fields: { role: 'solo' } });

  const done = report.promise.then(async (result): Promise<ServiceExit> => {
    const exit = { exitCode: reportExitCode(result), reason: describeReport(result), stats: host.stats(0) };
    options.onEvent?.({
      name: 'guest-exit',
      level: 'info',
      fields: { exitCode: exit.exitCode, description: exit.reason },
    });
    await host.close();
    return exit;
  });
  return {
    done,
    close: () => {
      host.guest.stop();
      return done;
    },
    stats: () => host.stats(0),
  };
}
