// The origin behind every proxy of the benchmark: one thread, keep-alive HTTP/1.1 on epoll.
//   GET /…/<n>     n bytes of body (see body.h)
//   GET /…/head    the request head as it arrived, as the body
// Every request is checked: one Host, X-Forwarded-For, -Proto and -Host, X-Request-Id, and a body that is whole (of JSON only its length). The counts are
// answered as JSON on the control port.
// Usage: origin PORT CONTROL_PORT; port 0 takes a free one. Prints "PORT CONTROL_PORT" when it listens.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "body.h"

enum { InputSize = 64 * 1024, MaxSizes = 32, MaxBody = 64 * 1024 * 1024, MaxEvents = 256 };
enum { ForwardedFor = 1, ForwardedProto = 2, ForwardedHost = 4, RequestId = 8, AllMarks = 15 };

static struct {
  long connections, requests, unmarked, malformed, bodyBytes, spoiled;
} counts;

enum phase { InHead, InSized, InChunkSize, InChunk, InChunkEnd, InTrailer };

struct stream {
  int fd;
  bool control, blocked;
  bool json;  // the body is a document that policies may have changed
  enum phase phase;
  size_t filled;
  size_t bodyLeft, bodyAt;
  const char *output;
  size_t outputLength, outputAt;
  char *owned;  // output that only this response uses
  char input[InputSize];
};

struct response {
  long size;
  char *bytes;
  size_t length;
};

static int poller;
static const char *fields =
    "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Mon, 01 Jan 2029 00:00:00 GMT\r\n"
    "Content-Type: application/json; charset=utf-8\r\nCache-Control: no-cache\r\n"
    "ETag: W/\"5-fCwqzxzU9Zb4qY6Zr4f1bM\"\r\nX-Request-Cost: 12\r\n";

static void fail(const char *what) {
  perror(what);
  exit(1);
}

// Whole responses by body size, made once each.
static const struct response *response_of(long size) {
  static struct response known[MaxSizes];
  static int count;
  for (int i = 0; i < count; i++)
    if (known[i].size == size) return &known[i];
  if (count == MaxSizes) return &known[0];
  struct response *made = &known[count++];
  char *bytes = malloc((size_t)size + 1024);
  if (bytes == NULL) fail("malloc");
  int head = sprintf(bytes, "%sContent-Length: %ld\r\n\r\n", fields, size);
  body_fill(bytes + head, (size_t)size);
  *made = (struct response){size, bytes, (size_t)head + (size_t)size};
  return made;
}

static void answer_own(struct stream *s, const char *body, size_t length) {
  s->owned = malloc(length + 1024);
  if (s->owned == NULL) fail("malloc");
  int head = sprintf(s->owned, "%sContent-Length: %zu\r\n\r\n", fields, length);
  memcpy(s->owned + head, body, length);
  s->output = s->owned;
  s->outputLength = (size_t)head + length;
}

static void answer_counts(struct stream *s) {
  char text[256];
  int length = sprintf(text,
                       "{\"connections\":%ld,\"requests\":%ld,\"unmarked\":%ld,\"malformed\":%ld,\"bodyBytes\":%ld,"
                       "\"spoiled\":%ld}",
                       counts.connections, counts.requests, counts.unmarked, counts.malformed, counts.bodyBytes,
                       counts.spoiled);
  answer_own(s, text, (size_t)length);
}

static bool named(const char *line, size_t nameLength, const char *name) {
  return nameLength == strlen(name) && strncasecmp(line, name, nameLength) == 0;
}

// Reads one head of `length` bytes, blank line included. Returns false if it is no request.
static bool take_head(struct stream *s, const char *head, size_t length) {
  const char *end = head + length - 2;  // of the fields; behind it stands the blank line
  const char *line = memchr(head, '\n', length);
  const char *target = memchr(head, ' ', (size_t)(line - head));
  if (target == NULL) return false;
  const char *targetEnd = memchr(target + 1, ' ', (size_t)(line - target - 1));
  if (targetEnd == NULL) return false;

  int marks = 0, hosts = 0;
  bool chunked = false, json = false;
  size_t bodyLength = 0;
  for (line++; line < end;) {
    const char *next = memchr(line, '\n', (size_t)(end - line));
    const char *colon = next == NULL ? NULL : memchr(line, ':', (size_t)(next - line));
    if (colon == NULL) return false;
    size_t name = (size_t)(colon - line);
    switch (line[0] | 0x20) {
      case 'h':
        if (named(line, name, "host")) hosts++;
        break;
      case 'x':
        if (named(line, name, "x-forwarded-for")) marks |= ForwardedFor;
        else if (named(line, name, "x-forwarded-proto")) marks |= ForwardedProto;
        else if (named(line, name, "x-forwarded-host")) marks |= ForwardedHost;
        else if (named(line, name, "x-request-id")) marks |= RequestId;
        break;
      case 'c':
        if (named(line, name, "content-length")) bodyLength = strtoul(colon + 1, NULL, 10);
        else if (named(line, name, "content-type")) json = strncmp(colon, ": application/json", 18) == 0;
        break;
      case 't':
        if (named(line, name, "transfer-encoding")) chunked = true;
        break;
    }
    line = next + 1;
  }
  if (hosts != 1) return false;

  if (s->control) {
    answer_counts(s);
    return true;
  }
  counts.requests++;
  if (marks != AllMarks) counts.unmarked++;
  s->phase = chunked ? InChunkSize : bodyLength > 0 ? InSized : InHead;
  s->bodyLeft = bodyLength;
  s->bodyAt = 0;
  s->json = json;

  const char *segment = memrchr(target, '/', (size_t)(targetEnd - target));
  if (segment == NULL) return false;
  if (strncmp(segment, "/head ", 6) == 0) {
    answer_own(s, head, length);
    return true;
  }
  long size = strtol(segment + 1, NULL, 10);
  if (size < 0 || size > MaxBody) return false;
  const struct response *response = response_of(size);
  s->output = response->bytes;
  s->outputLength = response->length;
  return true;
}

static void take_body(struct stream *s, const char *bytes, size_t length) {
  counts.bodyBytes += (long)length;
  if (!s->json && !body_holds(bytes, length, s->bodyAt)) counts.spoiled++;
  s->bodyAt += length;
  s->bodyLeft -= length;
}

// A line of a chunked body without its CRLF; *at moves behind it. NULL: not all of it is there.
static const char *take_line(struct stream *s, size_t *at, size_t *length) {
  const char *line = s->input + *at;
  const char *end = memmem(line, s->filled - *at, "\r\n", 2);
  if (end == NULL) return NULL;
  *length = (size_t)(end - line);
  *at += *length + 2;
  return line;
}

// Reads what is there, up to one whole request. Returns false if the stream is not HTTP.
static bool consume(struct stream *s) {
  size_t at = 0;
  while (at < s->filled || s->phase == InHead) {
    size_t there = s->filled - at, length;
    if (s->phase == InHead) {
      // The answer to one request goes out before the next is read.
      if (s->output != NULL) break;
      const char *end = memmem(s->input + at, there, "\r\n\r\n", 4);
      if (end == NULL) break;
      length = (size_t)(end + 4 - (s->input + at));
      if (!take_head(s, s->input + at, length)) return false;
      at += length;
    } else if (s->phase == InSized || s->phase == InChunk) {
      length = there < s->bodyLeft ? there : s->bodyLeft;
      take_body(s, s->input + at, length);
      at += length;
      if (s->bodyLeft == 0) s->phase = s->phase == InSized ? InHead : InChunkEnd;
    } else {
      const char *line = take_line(s, &at, &length);
      if (line == NULL) break;
      if (s->phase == InChunkSize) {
        s->bodyLeft = strtoul(line, NULL, 16);
        s->phase = s->bodyLeft > 0 ? InChunk : InTrailer;
      } else if (s->phase == InChunkEnd) {
        if (length != 0) return false;
        s->phase = InChunkSize;
      } else if (length == 0) {
        s->phase = InHead;
      }
    }
  }
  memmove(s->input, s->input + at, s->filled - at);
  s->filled -= at;
  return s->filled < InputSize;
}

static void watch(struct stream *s, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = s};
  if (epoll_ctl(poller, operation, s->fd, &event) < 0) fail("epoll_ctl");
}

static void end_stream(struct stream *s) {
  close(s->fd);
  free(s->owned);
  free(s);
}

// Writes what is to be written once the request is read whole. Returns false if the peer is gone.
static bool flush(struct stream *s) {
  while (s->output != NULL && s->phase == InHead) {
    ssize_t sent = send(s->fd, s->output + s->outputAt, s->outputLength - s->outputAt, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN) return false;
      if (!s->blocked) watch(s, EPOLL_CTL_MOD, EPOLLOUT);
      s->blocked = true;
      return true;
    }
    s->outputAt += (size_t)sent;
    if (s->outputAt < s->outputLength) continue;
    free(s->owned);
    s->owned = NULL;
    s->output = NULL;
    s->outputAt = 0;
    if (!consume(s)) return false;
  }
  if (s->blocked) watch(s, EPOLL_CTL_MOD, EPOLLIN);
  s->blocked = false;
  return true;
}

static bool serve(struct stream *s, uint32_t events) {
  if (s->blocked) return flush(s);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return true;
  ssize_t got = recv(s->fd, s->input + s->filled, InputSize - s->filled, 0);
  if (got < 0) return errno == EAGAIN;
  if (got == 0) return false;
  s->filled += (size_t)got;
  if (!consume(s)) {
    counts.malformed++;
    return false;
  }
  return flush(s);
}

static void accept_all(int listener, bool control) {
  int on = 1, fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct stream *s = malloc(sizeof *s);
    if (s == NULL) fail("malloc");
    // Not the input: what was never read costs no memory then.
    memset(s, 0, offsetof(struct stream, input));
    s->fd = fd;
    s->control = control;
    if (!control) counts.connections++;
    watch(s, EPOLL_CTL_ADD, EPOLLIN);
  }
}

static int listen_on(int port) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 4096) < 0) fail("listen");
  return listener;
}

static int port_of(int listener) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  getsockname(listener, (struct sockaddr *)&address, &size);
  return ntohs(address.sin_port);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: origin PORT CONTROL_PORT\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  body_prepare();
  poller = epoll_create1(0);
  int listeners[2];
  for (int i = 0; i < 2; i++) {
    listeners[i] = listen_on(atoi(argv[1 + i]));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listeners[i]};
    epoll_ctl(poller, EPOLL_CTL_ADD, listeners[i], &event);
  }
  printf("%d %d\n", port_of(listeners[0]), port_of(listeners[1]));
  fflush(stdout);

  struct epoll_event events[MaxEvents];
  for (;;) {
    int ready = epoll_wait(poller, events, MaxEvents, -1);
    if (ready < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < ready; i++) {
      void *source = events[i].data.ptr;
      if (source == &listeners[0] || source == &listeners[1]) accept_all(*(int *)source, source == &listeners[1]);
      else if (!serve(source, events[i].events)) end_stream(source);
    }
  }
}
