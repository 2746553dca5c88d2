/** Who this server says it is. The version is the Redis whose behaviour it follows, since clients decide by it. */
export const SERVER_NAME: string = 'ft-wasm-kv';
export const SERVER_VERSION: string = '7.2.0';
