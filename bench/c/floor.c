// What the kernel alone asks for a proxied request: read, write, read, write, and nothing else. No HTTP, no routes, no log: bytes of a
// client go to a connection of its own to the origin and back. The yardstick that no proxy over plain sockets can be below.
// Usage: floor PORT ORIGIN_PORT
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MaxEvents = 256, BufferSize = 256 * 1024 };

struct side {
  int fd;
  struct side *other;
};

static char buffer[BufferSize];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in loopback(int port) {
  return (struct sockaddr_in){
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void watch(int poller, struct side *side) {
  int on = 1;
  setsockopt(side->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = side};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, side->fd, &event) < 0) fail("epoll_ctl");
}

// Both sides in one piece of memory, the client first.
static void open_pair(int poller, int client, int originPort) {
  struct side *pair = calloc(2, sizeof *pair);
  if (pair == NULL) fail("calloc");
  struct sockaddr_in address = loopback(originPort);
  pair[0] = (struct side){client, &pair[1]};
  pair[1] = (struct side){socket(AF_INET, SOCK_STREAM, 0), &pair[0]};
  if (connect(pair[1].fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
  watch(poller, &pair[0]);
  watch(poller, &pair[1]);
}

// Returns false when the connection is over.
static bool relay(const struct side *from) {
  ssize_t got = recv(from->fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN;
  for (ssize_t sent = 0; sent < got;) {
    ssize_t part = send(from->other->fd, buffer + sent, (size_t)(got - sent), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (part >= 0) {
      sent += part;
      continue;
    }
    if (errno != EAGAIN) return false;
    struct pollfd room = {.fd = from->other->fd, .events = POLLOUT};
    poll(&room, 1, -1);
  }
  return got > 0;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: floor PORT ORIGIN_PORT\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = loopback(atoi(argv[1]));
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 4096) < 0) fail("listen");
  int poller = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);

  struct epoll_event events[MaxEvents];
  for (;;) {
    int ready = epoll_wait(poller, events, MaxEvents, -1);
    if (ready < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < ready; i++) {
      struct side *side = events[i].data.ptr;
      if (side == NULL) {
        for (int client; (client = accept4(listener, NULL, NULL, 0)) >= 0;) open_pair(poller, client, atoi(argv[2]));
      } else if (side->fd >= 0 && !relay(side)) {
        // The memory stays: an event of the other side may still wait in `events`. A pair is 32 bytes.
        close(side->fd);
        close(side->other->fd);
        side->fd = side->other->fd = -1;
      }
    }
  }
}
