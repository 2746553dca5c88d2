/** The load generator's own process: told by its parent to start, to forget the warm-up and to stop with a result. */
import { RespLoad } from './resp-load.mjs';

/** @type {RespLoad | undefined} */
let load;

/** @param {{ id: number, command: 'start' | 'restart' | 'stop', options?: import('./resp-load.mjs').LoadOptions }} message */
async function obey({ command, options }) {
  if (command === 'start' && options !== undefined) {
    load = new RespLoad(options);
    await load.start();
  } else if (command === 'restart') {
    load?.restart();
  } else {
    return load?.stop();
  }
  return undefined;
}

process.on('message', (/** @type {Parameters<typeof obey>[0]} */ message) => {
  obey(message).then(
    (result) => process.send?.({ id: message.id, result }),
    (error) => process.send?.({ id: message.id, error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
