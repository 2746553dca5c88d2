/** Why an address cannot be listened on. */
import { FtWasmError } from '../../errors.js';
import { type Address, formatAddress } from '../address.js';

/** The FTW_IO error for an address that cannot be listened on; also for UDP and for the guest's listeners. */
export function listenError(address: Address, error: NodeJS.ErrnoException): FtWasmError {
  const name = formatAddress(address);
  const reasons: Record<string, string> = {
    EADDRINUSE: 'the port is in use by another process',
    EADDRNOTAVAIL: 'this machine has no such address',
    EACCES: 'no permission for this port',
    ENOTFOUND: `the host name '${address.host}' is unknown`,
  };
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new FtWasmError(
    'FTW_IO',
    `cannot listen on ${name}: ${reason}`,
    { address: name, errno: error.code },
    {
      cause: error,
    },
  );
}
