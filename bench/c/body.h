// What bodies consist of: byte i is 'a' + i % 23, so that a byte lost, doubled or moved is seen. Used by origin.c and load.c.
#ifndef BENCH_BODY_H
#define BENCH_BODY_H
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { BodyPeriod = 23, BodyWindow = 256 * 1024 };

static char body_pattern[BodyWindow + BodyPeriod];

static inline void body_prepare(void) {
  for (size_t i = 0; i < sizeof body_pattern; i++) body_pattern[i] = (char)('a' + i % BodyPeriod);
}

static inline void body_fill(char *to, size_t length) {
  for (size_t i = 0; i < length; i++) to[i] = (char)('a' + i % BodyPeriod);
}

// Whether `length` bytes (at most BodyWindow) are those of a body from its byte `at` on.
static inline bool body_holds(const char *bytes, size_t length, size_t at) {
  return memcmp(bytes, body_pattern + at % BodyPeriod, length) == 0;
}
#endif
