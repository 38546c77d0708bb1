import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * Ends, at shutdown, the connections over which no request has come yet: a balancer's spare one, a browser's guess. Node closes what is idle
 * after a request and waits for everything else, so one such connection would hold the process up until it is killed (F15).
 */
export function endSilentConnections(fastify: FastifyInstance): void {
  const silent = new Set<Socket>();
  let closing = false;
  fastify.server.on('connection', (socket: Socket) => {
    if (closing) {
      socket.destroy();
      return;
    }
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  fastify.server.on('request', ({ socket }) => silent.delete(socket));
  fastify.addHook('preClose', (done) => {
    closing = true;
    for (const socket of silent) socket.destroy();
    done();
  });
}
