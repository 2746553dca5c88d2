/**
 * Preloaded into a replica (`node --import`): its connections to one port go to another one, where a test's proxy stands.
 * `--primary` would not do: replicas find each other by the addresses in the arbiter's record. FTW_TEST_DETOUR: `FROM=TO`.
 */
import net from 'node:net';

const [from, to] = (process.env['FTW_TEST_DETOUR'] ?? '').split('=').map(Number);
const { connect } = net.Socket.prototype;

net.Socket.prototype.connect = /** @type {typeof connect} */ (
  function (/** @type {any[]} */ ...args) {
    // `net.connect` hands its arguments on as one array.
    const options = Array.isArray(args[0]) ? args[0][0] : args[0];
    if (options?.port === from) options.port = to;
    return /** @type {any} */ (connect).apply(this, args);
  }
);
