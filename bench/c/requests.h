// The requests that load.c and idle.c send, from a file: for each a line "BYTES BODY SERVER_NAME" with the length of the request, the
// length of the body that the answer must have, and the name for TLS; behind it the request as it goes out.
#ifndef BENCH_REQUESTS_H
#define BENCH_REQUESTS_H
#include <stdio.h>
#include <stdlib.h>

enum { MaxRequests = 4096 };

struct request {
  char *bytes;
  size_t length;
  size_t expected;
  char serverName[256];
};

static struct request requests[MaxRequests];
static int request_count;

// Exits with a message if the file is not as described.
static void requests_read(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    exit(2);
  }
  struct request *next = requests;
  while (request_count < MaxRequests && fscanf(file, "%zu %zu %255s", &next->length, &next->expected, next->serverName) == 3) {
    next->bytes = malloc(next->length);
    if (next->bytes == NULL || fgetc(file) != '\n' || fread(next->bytes, 1, next->length, file) != next->length) {
      fprintf(stderr, "%s: request %d is cut short\n", path, request_count + 1);
      exit(2);
    }
    next = &requests[++request_count];
  }
  fclose(file);
  if (request_count == 0) {
    fprintf(stderr, "%s: holds no request\n", path);
    exit(2);
  }
}
#endif
