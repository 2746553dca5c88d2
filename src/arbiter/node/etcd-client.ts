/** Requests to an etcd cluster over its JSON gateway: one endpoint after the other, until one answers. */
import { readFileSync } from 'node:fs';
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { type AgentOptions, Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { ArbiterError } from '../../errors.js';
import { ArbiterUnreachableError } from '../arbiter.js';
import { decodeLogin, type EtcdRequest, loginRequest } from './etcd-messages.js';

/** An endpoint that does not answer for so long is left for the next one; a write's outcome is then unknown. */
const TIMEOUT_MS = 1500;
const ANSWER_BYTES_MAX = 4 << 20;

/** Of gRPC: what a change of the request or of the configuration would mend, but waiting would not. */
const LASTING_CODES: ReadonlySet<number> = new Set([3, 7, 12]);
const UNAUTHENTICATED = 16;
/** Of gRPC: etcd knows of no user by that name, or the password is wrong. */
const LOGIN_REFUSED = new Set([3, 9]);

/** As etcdctl takes them from its environment. */
export interface EtcdCredentials {
  /** Files in PEM. */
  readonly cacert?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** `NAME:PASSWORD` */
  readonly user?: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export class EtcdClient {
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #request: typeof httpRequest | typeof httpsRequest;
  #token: string | undefined;
  /** The endpoint that answered last is asked first. */
  #first = 0;

  /**
   * @param endpoints `HOST:PORT` each
   * @throws ArbiterError if a file of the credentials cannot be read
   */
  constructor(
    private readonly endpoints: readonly string[],
    private readonly secure: boolean,
    private readonly credentials: EtcdCredentials = {},
  ) {
    this.#agent = secure
      ? new HttpsAgent({ keepAlive: true, ...tlsOptions(credentials) })
      : new HttpAgent({ keepAlive: true });
    this.#request = secure ? httpsRequest : httpRequest;
  }

  /**
   * @throws ArbiterUnreachableError when no endpoint answered, or the outcome is unknown; ArbiterError when etcd refuses
   */
  async ask(request: EtcdRequest): Promise<unknown> {
    if (this.credentials.user !== undefined) this.#token ??= await this.#login(this.credentials.user);
    const answer = await this.#anywhere(request);
    if (grpcCode(answer) !== UNAUTHENTICATED || this.credentials.user === undefined) return checked(answer);
    this.#token = await this.#login(this.credentials.user);
    return checked(await this.#anywhere(request));
  }

  async #login(user: string): Promise<string> {
    const colon = user.indexOf(':');
    this.#token = undefined;
    const answer = await this.#anywhere(loginRequest(user.slice(0, colon), user.slice(colon + 1)));
    if (LOGIN_REFUSED.has(grpcCode(answer))) throw new ArbiterError(`etcd refuses the user: ${reason(answer)}`);
    return decodeLogin(checked(answer), 'the user');
  }

  /** A server that cannot answer now (no leader, shutting down) is passed over like one that is away. */
  async #anywhere(request: EtcdRequest): Promise<Answer> {
    const failures: string[] = [];
    for (let attempt = 0; attempt < this.endpoints.length; attempt++) {
      const index = (this.#first + attempt) % this.endpoints.length;
      const endpoint = this.endpoints[index] as string;
      try {
        const answer = await this.#post(endpoint, request);
        if (answer.status < 500 || LASTING_CODES.has(grpcCode(answer))) {
          this.#first = index;
          return answer;
        }
        failures.push(`${endpoint}: ${reason(answer)}`);
      } catch (error) {
        failures.push(`${endpoint}: ${(error as Error).message}`);
      }
    }
    throw new ArbiterUnreachableError(`etcd does not answer: ${failures.join('; ')}`, { endpoints: this.endpoints });
  }

  #post(endpoint: string, asked: EtcdRequest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = this.#open(endpoint, asked.path);
      const timer = setTimeout(() => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
      request.on('close', () => clearTimeout(timer));
      request.on('error', (error: NodeJS.ErrnoException) => {
        // The server had closed an idle connection; asking twice does no harm, a record carries its writer's nonce.
        const stale = request.reusedSocket && error.code === 'ECONNRESET';
        if (stale) resolve(this.#post(endpoint, asked));
        else reject(error);
      });
      request.on('response', (response) => {
        collect(response).then(
          (text) => resolve({ status: response.statusCode as number, body: parse(text) }),
          (error) => request.destroy(error),
        );
      });
      request.end(JSON.stringify(asked.body));
    });
  }

  #open(endpoint: string, path: string): ClientRequest {
    const url = `${this.secure ? 'https' : 'http'}://${endpoint}${path}`;
    const token = this.#token === undefined ? {} : { authorization: this.#token };
    const headers = { 'content-type': 'application/json', ...token };
    return this.#request(url, { method: 'POST', agent: this.#agent, headers });
  }
}

async function collect(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error('the answer is too large to be one of etcd');
  }
  return Buffer.concat(pieces).toString('utf8');
}

function checked(answer: Answer): unknown {
  if (answer.status === 200) return answer.body;
  const advice = grpcCode(answer) === UNAUTHENTICATED ? '; give ETCDCTL_USER=NAME:PASSWORD' : '';
  throw new ArbiterError(`etcd refuses the request: ${reason(answer)}${advice}`, { status: answer.status });
}

function reason({ status, body }: Answer): string {
  const { message, error } = (body ?? {}) as { message?: unknown; error?: unknown };
  const text = message ?? error;
  return typeof text === 'string' ? text : `HTTP status ${status}`;
}

function grpcCode({ body }: Answer): number {
  const { code } = (body ?? {}) as { code?: unknown };
  return typeof code === 'number' ? code : 0;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tlsOptions({ cacert, cert, key }: EtcdCredentials): AgentOptions {
  return {
    ...(cacert === undefined ? {} : { ca: readPem(cacert) }),
    ...(cert === undefined ? {} : { cert: readPem(cert) }),
    ...(key === undefined ? {} : { key: readPem(key) }),
  };
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ArbiterError(`cannot read ${path} for etcd: ${(cause as Error).message}`, { path }, { cause });
  }
}
