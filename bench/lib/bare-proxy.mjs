/**
 * The least that anything between clients and a server costs in Node.js: a pair of sockets per connection and nothing but
 * `pipe` between them. It keeps no byte and survives nothing; gateways are measured against it in the same run.
 */
import net from 'node:net';

const HOST = '127.0.0.1';
const [port, target] = process.argv.slice(2).map(Number);
const plain = { noDelay: true, allowHalfOpen: true };

net
  .createServer(plain, (client) => {
    const server = net.connect({ host: HOST, port: target, ...plain });
    client.pipe(server).pipe(client);
    client.on('error', () => server.destroy()).on('close', () => server.destroy());
    server.on('error', () => client.destroy()).on('close', () => client.destroy());
  })
  .listen({ host: HOST, port, backlog: 1024 });
