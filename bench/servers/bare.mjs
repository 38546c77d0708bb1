// The yardstick: a bare Nest + Fastify application in a process of its own, with the same adapter and pool as the service and nothing else.
import 'reflect-metadata';
import { Controller, Get, Module, Param, Post, Body } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import pg from 'pg';

const { BENCH_PORT, BENCH_DATABASE_URL, BENCH_BODY, BENCH_POOL_SIZE } = process.env;
const pool = new pg.Pool({ connectionString: BENCH_DATABASE_URL, max: Number(BENCH_POOL_SIZE) });
const body = JSON.parse(BENCH_BODY);

const SELECT = { name: 'select', text: 'SELECT * FROM bench_rows WHERE key = $1' };
const UPDATE = { name: 'update', text: 'UPDATE bench_rows SET key = $2, generation = generation + 1 WHERE key = $1' };
const INSERT = { name: 'insert', text: 'INSERT INTO bench_log (key, at) VALUES ($1, now())' };

class BareController {
  same() {
    return body;
  }

  async select(key) {
    const { rows } = await pool.query({ ...SELECT, values: [Buffer.from(key, 'hex')] });
    return rows[0];
  }

  async rotate({ from, to }) {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      const { rowCount } = await client.query({
        ...UPDATE,
        values: [Buffer.from(from, 'hex'), Buffer.from(to, 'hex')],
      });
      await client.query({ ...INSERT, values: [Buffer.from(from, 'hex')] });
      await client.query('COMMIT');
      return { rotated: rowCount };
    } finally {
      client.release();
    }
  }
}

// Decorators by hand: this file is not compiled.
const decorate = (name, ...decorators) => {
  const descriptor = Object.getOwnPropertyDescriptor(BareController.prototype, name);
  for (const decorator of decorators) decorator(BareController.prototype, name, descriptor);
};
Controller()(BareController);
decorate('same', Get('same'));
decorate('select', Get('select/:key'));
Param('key')(BareController.prototype, 'select', 0);
decorate('rotate', Post('rotate'));
Body()(BareController.prototype, 'rotate', 0);

class BareModule {}
Module({ controllers: [BareController] })(BareModule);

const app = await NestFactory.create(BareModule, new FastifyAdapter({ logger: false }), { logger: false });
await app.listen(Number(BENCH_PORT), '127.0.0.1');
process.send?.('ready');
process.on('SIGINT', () => process.exit(0));
