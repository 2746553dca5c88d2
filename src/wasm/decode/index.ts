/** Reading binaries: the public surface of this folder. */
export { type LocalGroup, localGroups } from './code.js';
export { decodeModule } from './decode.js';
