// Facts on their way: what recording one costs, how fast deliveries are queued, claimed and told, and whether bad receivers are felt.
import { HttpAdapterHost } from '@nestjs/core';
import { SYSTEM_ACTOR } from '../dist/src/kernel/audit/audit-trail.js';
import { EventRelay } from '../dist/src/kernel/events/event-relay.js';
import { Events } from '../dist/src/kernel/events/events.js';
import { JobRunner } from '../dist/src/kernel/jobs/job-runner.js';
import { Database } from '../dist/src/kernel/persistence/database.js';
import { EventFeedService } from '../dist/src/webhooks/feed/event-feed.service.js';
import { OutgoingSystemRepository } from '../dist/src/webhooks/deliveries/outgoing.system-repository.js';
import { WebhooksService } from '../dist/src/webhooks/webhooks.service.js';
import { startInProcess } from './lib/in-process.mjs';
import { median } from './lib/load.mjs';
import { platformOwner } from './lib/operator.mjs';
import { credentials, publishableKey, signUp } from './lib/people.mjs';
import { startService } from './lib/processes.mjs';
import { openReceivers } from './lib/receivers.mjs';

export const name = 'events';

const ENDPOINTS = 2;
const USER = 'ausr_01jd3v3x6pe0p9m2s5f7q8w9ab';
const BAD = ['hangs', 'drips', 'fails', 'redirects', 'floods'];
const CHEAP_HASHES = { AUTHSOME_HASH_MEMORY_KIB: '64', AUTHSOME_HASH_PASSES: '1' };

const round = (number) => Math.round(number * 100) / 100;
const percentile = (numbers, part) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length * part)];
const elapsed = async (work) => {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
};

export async function run({ database, rounds, seconds }) {
  const quick = seconds < 3;
  // First what callers feel: what comes then leaves a million dead rows behind.
  const felt = await overHttp(database, { rounds, seconds });
  const queues = { rounds, facts: quick ? 2_000 : 10_000, backlog: quick ? 100_000 : 1_000_000 };
  return [...felt, ...(await throughQueues(database, queues))];
}

async function throughQueues(database, { rounds, facts, backlog }) {
  const service = await startInProcess(database, { env: { AUTHSOME_LIMIT_SIGNUP_PER_IP: '100000000/1m' } });
  const scope = await service.tenant();
  const hook = (url, events) => ({ url, events, description: null, active: true, contactEmail: null, headers: {} });
  const create = (...of) => service.get(WebhooksService).create(scope, hook(...of), SYSTEM_ACTOR);

  const recording = await costOfRecording(service, database, rounds);
  await service.get(EventRelay).drain();
  for (let endpoint = 0; endpoint < ENDPOINTS; endpoint += 1) await create('https://bench.example.com/', ['user.*']);
  const record = () => service.get(Events).record(scope, 'user.email_verified', USER, { user_id: USER });
  for (let done = 0; done < facts; done += 500) {
    await service.get(Database).transaction(async () => {
      for (let fact = 0; fact < 500; fact += 1) await record();
    });
  }
  const queuedMs = await elapsed(() => service.get(EventRelay).drain());

  const { webhook } = await create('https://dead.example.com/', ['app.deleted']);
  const claims = async () => {
    const times = [];
    for (let claim = 0; claim < 9; claim += 1) {
      const now = new Date();
      const until = new Date(now.getTime() + 3_600_000);
      times.push(await elapsed(() => service.get(OutgoingSystemRepository).anyTenantClaim(now, until, 50, 32, [], '')));
    }
    return median(times);
  };
  const few = await claims();
  await database.query(
    `INSERT INTO webhook_deliveries (app_id, env_id, id, webhook_id, event_id, cause, event, subject_id, sequence, state, attempts,
       schedule_start, next_attempt_at, attempt_log, created_at)
     SELECT $1, $2, 'awdl_' || n, $3, 'aevt_' || n, 'event', 'app.deleted', 'aapp_x', n, 'waiting', 0, 0, now(), '[]', now()
     FROM generate_series(1, $4::integer) AS n`,
    [scope.appId, scope.envId, webhook.id, backlog],
  );
  const many = await claims();

  await database.query(
    `INSERT INTO outbox (id, app_id, env_id, name, subject_id, payload, occurred_at)
     SELECT 'aevt_bench' || n, $1, $2, 'user.updated', $3, '{}', now() FROM generate_series(1, $4::integer) AS n`,
    [scope.appId, scope.envId, USER, backlog],
  );
  const pages = await pagesOf(service.get(EventFeedService), scope);
  const kept = await keptAfterRetention(service, database);
  await service.stop();
  return [
    {
      bench: 'a sign-up with its facts, against without any',
      value: round(recording),
      unit: 'times',
      atMost: 1.15,
    },
    {
      bench: `queueing 1,000 deliveries (${facts} facts, ${ENDPOINTS} endpoints: ${Math.round((facts * ENDPOINTS * 1_000) / queuedMs)}/s)`,
      value: Math.round((queuedMs * 1_000) / (facts * ENDPOINTS)),
      unit: 'ms',
      atMost: 1_000,
    },
    {
      bench: `claiming behind ${backlog} deliveries that wait (${round(few)} ms without them)`,
      value: round(many),
      unit: 'ms',
      atMost: 20,
    },
    {
      bench: `a page of 100 of the feed in the midst of ${backlog}, against its first (${round(pages.first)} ms)`,
      value: round(pages.middle / pages.first),
      unit: 'times',
      atMost: 2,
    },
    { bench: 'facts, messages and deliveries left when retention is over', value: kept, unit: 'rows', atMost: 0 },
  ];
}

/** Sign-ups as they come, in turns with and without their facts, so that what disturbs the machine disturbs both. */
async function costOfRecording(service, database, rounds) {
  const events = service.get(Events);
  const original = events.record;
  const http = service.get(HttpAdapterHost).httpAdapter.getInstance();
  const headers = { 'x-publishable-key': await publishableKey(database), 'user-agent': 'bench' };
  let number = 0;
  const signUps = async () => {
    for (let user = 0; user < 50; user += 1) {
      const payload = { email: `recorded${(number += 1)}@example.com`, password: credentials.password };
      const { statusCode, body } = await http.inject({ method: 'POST', url: '/v1/signup', headers, payload });
      if (statusCode !== 201) throw new Error(body);
    }
  };
  const without = async () => {
    events.record = () => Promise.resolve();
    try {
      await signUps();
    } finally {
      events.record = original;
    }
  };
  await signUps();
  await without();
  const ratios = [];
  for (let done = 0; done < rounds; done += 1) ratios.push((await elapsed(signUps)) / (await elapsed(without)));
  return median(ratios);
}

async function pagesOf(feed, scope) {
  const times = [];
  let cursor;
  for (let page = 0; page < 60; page += 1) {
    times.push(
      await elapsed(async () => {
        const read = await feed.read(scope, [], false, { limit: 100, ...(cursor !== undefined && { cursor }) });
        cursor = read.nextCursor;
      }),
    );
  }
  return { first: median(times.slice(1, 20)), middle: median(times.slice(-20)) };
}

async function keptAfterRetention(service, database) {
  await database.query("UPDATE outbox SET occurred_at = occurred_at - interval '400 days'");
  await database.query("UPDATE webhook_deliveries SET created_at = created_at - interval '400 days'");
  await database.query("UPDATE webhook_messages SET created_at = created_at - interval '400 days'");
  await database.query('DELETE FROM job_schedules');
  await service.get(JobRunner).drain();
  const { rows } = await database.query(
    `SELECT (SELECT count(*) FROM outbox WHERE occurred_at < now() - interval '1 day') + (SELECT count(*) FROM webhook_messages)
       + (SELECT count(*) FROM webhook_deliveries) AS kept`,
  );
  return Number(rows[0].kept);
}

async function overHttp(database, { rounds, seconds }) {
  const open = await openReceivers(['answers', ...BAD]);
  const service = await startService(database, { ...CHEAP_HASHES, AUTHSOME_OUTBOUND_ALLOW: open.allow });
  const owner = await platformOwner(service);
  const { rows } = await database.query("SELECT id FROM apps WHERE slug = 'default'");
  const app = `?app_id=${rows[0].id}`;
  const hooks = [];
  for (const { url } of open.receivers) {
    hooks.push(await owner('POST', `/v1/webhooks${app}`, { body: { url, events: ['user.created'] } }));
  }
  const bad = hooks.slice(1);
  const setBad = async (active) => {
    for (const { id } of bad) await owner('PATCH', `/v1/webhooks/${id}${app}`, { body: { active } });
  };
  const key = await publishableKey(database);
  const { session_token: token } = await signUp(service, key, 'caller@example.com');

  let number = 0;
  const lags = [];
  /** Twenty sign-ups a second, and what a caller feels meanwhile who calls a hundred times a second. */
  const measure = async () => {
    const latencies = [];
    const until = performance.now() + seconds * 1_000;
    const signUps = (async () => {
      const answered = [];
      while (performance.now() < until) {
        const { user } = await signUp(service, key, `told${(number += 1)}@example.com`);
        answered.push([user.id, Date.now()]);
        await new Promise((resolve) => setTimeout(resolve, 45));
      }
      return answered;
    })();
    while (performance.now() < until) {
      const headers = { authorization: `Bearer ${token}` };
      latencies.push(await elapsed(async () => (await fetch(`${service.url}/v1/me`, { headers })).text()));
      await new Promise((resolve) => setTimeout(resolve, 8));
    }
    const answered = await signUps;
    const arrivals = await arrivalsOf(open, answered);
    lags.push(...answered.map(([id, atMs]) => (arrivals.get(id) ?? Infinity) - atMs));
    return percentile(latencies, 0.95);
  };
  await setBad(false);
  await measure();
  const ratios = [];
  const worst = [];
  for (let done = 0; done < rounds; done += 1) {
    await setBad(false);
    const without = await measure();
    await setBad(true);
    lags.length = 0;
    const within = await measure();
    worst.push(percentile(lags, 0.95));
    ratios.push(within / without);
  }
  open.close();
  await service.stop();
  return [
    {
      bench: 'p95 of a call while receivers hang, drip, fail, redirect and flood, against without them',
      value: round(median(ratios)),
      unit: 'times',
      atMost: 1.2,
    },
    {
      bench: 'p95 from the answer of a sign-up to its event at the good receiver, meanwhile',
      value: Math.round(median(worst)),
      unit: 'ms',
      atMost: 1_000,
    },
  ];
}

/** Waits until the good receiver was told of everybody. */
async function arrivalsOf(open, answered) {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const arrivals = await open.arrivals();
    if (answered.every(([id]) => arrivals.has(id)) || performance.now() > deadline) return arrivals;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
