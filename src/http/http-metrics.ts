import { Injectable } from '@nestjs/common';
import { Histogram } from 'prom-client';
import { Metrics } from '../kernel/metrics/metrics.js';

/** Latency of requests by method, route pattern and status. */
@Injectable()
export class HttpMetrics {
  readonly #latency: Histogram<'method' | 'route' | 'status'>;
  /** Looking a series up by its labels costs more than measuring; routes are few. */
  readonly #series = new Map<string, Histogram.Internal<'method' | 'route' | 'status'>>();

  constructor(metrics: Metrics) {
    this.#latency = new Histogram({
      name: 'authsome_http_request_seconds',
      help: 'Duration of HTTP requests.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers: [metrics.registry],
    });
  }

  observe(method: string, route: string, status: number, seconds: number): void {
    const slot = `${method} ${status} ${route}`;
    let series = this.#series.get(slot);
    if (series === undefined) {
      series = this.#latency.labels({ method, route, status: String(status) });
      this.#series.set(slot, series);
    }
    series.observe(seconds);
  }
}
