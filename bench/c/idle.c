// Keep-alive connections that do nothing: opens them one after the other, makes one request on each, and holds them until stdin ends.
// Usage: idle -p PORT -f REQUESTS [-c CONNECTIONS]
// Prints the number of connections whose request was answered with 200, then at the end how many of them were still open.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "requests.h"

// One request and its whole answer. Returns whether that was a 200.
static int ask(int fd, const struct request *request) {
  static char answer[256 * 1024];
  if (send(fd, request->bytes, request->length, MSG_NOSIGNAL) != (ssize_t)request->length) return 0;
  size_t filled = 0;
  for (;;) {
    ssize_t got = recv(fd, answer + filled, sizeof answer - filled, 0);
    if (got <= 0) return 0;
    filled += (size_t)got;
    const char *end = memmem(answer, filled, "\r\n\r\n", 4);
    if (end == NULL || filled < (size_t)(end + 4 - answer) + request->expected) continue;
    return memcmp(answer, "HTTP/1.1 200 ", 13) == 0;
  }
}

static int open_connection(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return -1;
  struct timeval patience = {.tv_sec = 5};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

static int is_open(int fd) {
  char byte;
  return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

int main(int argc, char **argv) {
  int port = 0, connections = 1000;
  const char *file = NULL;
  for (int option; (option = getopt(argc, argv, "p:f:c:")) != -1;) {
    if (option == 'p') port = atoi(optarg);
    else if (option == 'f') file = optarg;
    else if (option == 'c') connections = atoi(optarg);
    else return 2;
  }
  if (file == NULL || port == 0) {
    fprintf(stderr, "usage: idle -p PORT -f REQUESTS [-c CONNECTIONS]\n");
    return 2;
  }
  requests_read(file);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  int *held = calloc((size_t)connections, sizeof *held), count = 0;
  for (int i = 0; i < connections; i++) {
    int fd = open_connection(port);
    if (fd < 0) break;
    if (ask(fd, &requests[i % request_count])) held[count++] = fd;
    else close(fd);
  }
  printf("%d\n", count);
  fflush(stdout);

  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) continue;
  int open = 0;
  for (int i = 0; i < count; i++) open += is_open(held[i]);
  printf("%d\n", open);
  return 0;
}
