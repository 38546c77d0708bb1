import autocannon from 'autocannon';

/** Closed-loop load: `connections` clients, each sending its next request when it has the answer. */
export async function load({ url, connections = 32, seconds = 3, ...request }) {
  const result = await autocannon({ url, connections, duration: seconds, ...request });
  const answered = result['2xx'];
  const refused = result.non2xx + result.errors + result.timeouts;
  if (refused > answered / 100) {
    throw new Error(
      `${url}: ${refused} of ${answered + refused} requests failed (${JSON.stringify(result.statusCodeStats)})`,
    );
  }
  return { perSecond: answered / result.duration, p50Ms: result.latency.p50, p99Ms: result.latency.p99 };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Measures two things in turns, each round in the other order, and compares the medians: what disturbs the machine disturbs both. */
export async function interleaved(rounds, subject, baseline) {
  const results = { subject: [], baseline: [] };
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? ['subject', 'baseline'] : ['baseline', 'subject'];
    for (const name of order) results[name].push(await (name === 'subject' ? subject : baseline)());
  }
  const ratios = results.subject.map((result, round) => result.perSecond / results.baseline[round].perSecond);
  return {
    subjectPerSecond: Math.round(median(results.subject.map(({ perSecond }) => perSecond))),
    baselinePerSecond: Math.round(median(results.baseline.map(({ perSecond }) => perSecond))),
    subjectP99Ms: median(results.subject.map(({ p99Ms }) => p99Ms ?? 0)),
    ratio: median(ratios),
    rounds: ratios,
  };
}
