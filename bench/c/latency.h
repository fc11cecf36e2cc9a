// A histogram of latencies with bins of a tenth of a microsecond, so that percentiles are exact up to 0.4 s. Used by load.c.
#ifndef BENCH_LATENCY_H
#define BENCH_LATENCY_H
#include <stdint.h>
#include <time.h>

enum { LatencyBins = 4 * 1000 * 1000, BinsPerMicrosecond = 10 };

static uint32_t latency_bins[LatencyBins + 1];
static long latency_count;

// Seconds of a clock that never goes back.
static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void latency_add(double seconds) {
  double bin = seconds * 1e6 * BinsPerMicrosecond;
  latency_bins[bin >= LatencyBins ? LatencyBins : bin < 0 ? 0 : (int)bin]++;
  latency_count++;
}

// The smallest number of microseconds that `share` of all latencies do not exceed.
static double latency_percentile(double share) {
  long seen = 0;
  for (int bin = 0; bin <= LatencyBins; bin++) {
    seen += latency_bins[bin];
    if (seen > 0 && (double)seen >= share * (double)latency_count) return (double)bin / BinsPerMicrosecond;
  }
  return 0;
}
#endif
