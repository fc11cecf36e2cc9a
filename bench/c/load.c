// Load on one port of 127.0.0.1, by one thread. Closed loop: every connection sends its next request when it has its answer. Open loop
// (-r): requests are due at random times of the given mean rate, and a latency counts from when its request was due, not from when
// a free connection was found for it: what waits is seen. Every answer is checked: status, length, and each byte of its body.
// Usage: load -p PORT -f REQUESTS [-c CONNECTIONS] [-d SECONDS] [-r RATE] [-t] [-x]
//   -t  TLS 1.3, never resumed        -x  a new connection for each request, which the peer has to close
// Prints one JSON object. Nothing is cut off at the end: what was asked is waited for.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "body.h"
#include "latency.h"
#include "requests.h"
#include "stream.h"

enum { MaxEvents = 256, MaxHead = 16 * 1024 };
static const double Patience = 5;  // seconds for the last answers

enum state { Opening, Free, Asking, Closing };

struct connection {
  int fd;
  long generation;  // of sockets: a closed one's descriptor comes back at once
  SSL *ssl;
  enum state state;
  const struct request *request;
  double due;
  size_t sent;
  bool inHead, peerCloses;
  size_t bodyLeft, bodyAt, headFilled;
  struct connection *nextFree;
  char head[MaxHead];
};

static struct {
  int port, connections;
  double seconds, rate;
  bool tls, onePerConnection;
} options = {.connections = 64, .seconds = 2};

static struct {
  long opened, status, length, body, transport, unanswered;
} counts;

static int poller, inFlight;
static double deadline;
static struct connection *freeConnections;
static SSL_CTX *secure;
static char input[BodyWindow];

static void open_connection(struct connection *c);
static void ask(struct connection *c, double due);

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static const struct request *next_request(void) {
  static int next;
  const struct request *request = &requests[next];
  next = (next + 1) % request_count;
  return request;
}

static void shut(struct connection *c) {
  if (c->ssl != NULL) SSL_free(c->ssl);
  c->ssl = NULL;
  close(c->fd);
}

// After an error: the connection is of no use any more.
static void give_up(struct connection *c, long *counter) {
  (*counter)++;
  if (c->state == Asking || (options.onePerConnection && c->state == Opening)) inFlight--;
  shut(c);
  open_connection(c);
}

// The connection can take a request.
static void be_free(struct connection *c) {
  c->state = Free;
  if (options.rate == 0 && now() < deadline) {
    ask(c, now());
    return;
  }
  c->nextFree = freeConnections;
  freeConnections = c;
}

static void send_rest(struct connection *c) {
  while (c->sent < c->request->length) {
    ssize_t sent = stream_send(c->fd, c->ssl, c->request->bytes + c->sent, c->request->length - c->sent);
    if (sent == -1) return;
    if (sent <= 0) {
      give_up(c, &counts.transport);
      return;
    }
    c->sent += (size_t)sent;
  }
}

static void ask(struct connection *c, double due) {
  c->state = Asking;
  if (!options.onePerConnection) c->request = next_request();
  c->due = due;
  c->sent = 0;
  c->inHead = true;
  c->headFilled = 0;
  if (!options.onePerConnection) inFlight++;
  send_rest(c);
}

static void finish(struct connection *c) {
  latency_add(now() - c->due);
  inFlight--;
  if (options.onePerConnection || c->peerCloses) c->state = Closing;
  else be_free(c);
}

static const char *value_of(const char *line, const char *name) {
  size_t length = strlen(name);
  return strncasecmp(line, name, length) == 0 ? line + length : NULL;
}

// Takes a whole head, blank line included. Returns false after an error.
static bool take_head(struct connection *c, const char *head, size_t length) {
  if (length < 13 || memcmp(head, "HTTP/1.1 200 ", 13) != 0) {
    give_up(c, &counts.status);
    return false;
  }
  const char *end = head + length - 2, *value;
  long bodyLength = -1;
  c->peerCloses = false;
  for (const char *line = memchr(head, '\n', length); line != NULL && ++line < end;
       line = memchr(line, '\n', (size_t)(end - line))) {
    if ((line[0] | 0x20) != 'c') continue;
    if ((value = value_of(line, "content-length:")) != NULL) bodyLength = strtol(value, NULL, 10);
    else if ((value = value_of(line, "connection:")) != NULL) c->peerCloses = strncasecmp(value, " close", 6) == 0;
  }
  if (bodyLength != (long)c->request->expected) {
    give_up(c, &counts.length);
    return false;
  }
  c->inHead = false;
  c->bodyLeft = c->request->expected;
  c->bodyAt = 0;
  return true;
}

// Finds the head's end in what came before and what came now. Returns how much of `bytes` it took, or -1 after an error.
static ssize_t take_head_bytes(struct connection *c, const char *bytes, size_t length) {
  if (c->headFilled == 0) {
    const char *end = memmem(bytes, length, "\r\n\r\n", 4);
    if (end != NULL) return take_head(c, bytes, (size_t)(end + 4 - bytes)) ? end + 4 - bytes : -1;
  }
  size_t before = c->headFilled;
  size_t taken = length < MaxHead - before ? length : MaxHead - before;
  memcpy(c->head + before, bytes, taken);
  c->headFilled += taken;
  const char *end = memmem(c->head, c->headFilled, "\r\n\r\n", 4);
  if (end != NULL) {
    size_t headLength = (size_t)(end + 4 - c->head);
    return take_head(c, c->head, headLength) ? (ssize_t)(headLength - before) : -1;
  }
  if (c->headFilled < MaxHead) return (ssize_t)taken;
  give_up(c, &counts.length);
  return -1;
}

// Takes what arrived. Returns false if the connection is not the one it was.
static bool take(struct connection *c, const char *bytes, size_t length) {
  while (length > 0 || (c->state == Asking && !c->inHead && c->bodyLeft == 0)) {
    if (c->state != Asking) {
      // Bytes behind the answer, or without a question.
      give_up(c, &counts.body);
      return false;
    }
    if (c->inHead) {
      ssize_t taken = take_head_bytes(c, bytes, length);
      if (taken < 0) return false;
      bytes += taken;
      length -= (size_t)taken;
      continue;
    }
    size_t part = length < c->bodyLeft ? length : c->bodyLeft;
    if (!body_holds(bytes, part, c->bodyAt)) {
      give_up(c, &counts.body);
      return false;
    }
    c->bodyAt += part;
    c->bodyLeft -= part;
    bytes += part;
    length -= part;
    if (c->bodyLeft > 0) continue;
    if (length > 0) {
      give_up(c, &counts.body);
      return false;
    }
    finish(c);
    return true;
  }
  return true;
}

static void on_end(struct connection *c, bool broken) {
  if (c->state == Asking || (broken && c->state == Opening)) {
    give_up(c, &counts.transport);
    return;
  }
  // A peer may end a connection that waits, and has to end one that we asked it to.
  if (c->state == Free) {
    struct connection **place = &freeConnections;
    while (*place != NULL && *place != c) place = &(*place)->nextFree;
    if (*place == c) *place = c->nextFree;
  }
  shut(c);
  open_connection(c);
}

static void read_all(struct connection *c, bool ended) {
  for (;;) {
    ssize_t got = stream_receive(c->fd, c->ssl, input, sizeof input);
    if (got == -1) return;
    if (got <= 0) {
      on_end(c, got < 0);
      return;
    }
    long generation = c->generation;
    if (!take(c, input, (size_t)got) || c->generation != generation) return;
    // epoll(7): with stream sockets, less than was asked for means that there is no more, but for the end. Not so with TLS, which
    // gives a record at a time.
    if (c->ssl == NULL && (size_t)got < sizeof input && c->state != Closing && !ended) return;
  }
}

static void open_connection(struct connection *c) {
  c->state = Opening;
  c->generation++;
  c->request = next_request();
  c->due = now();
  if (c->due >= deadline) {
    c->fd = -1;
    return;
  }
  counts.opened++;
  // Opened for one request: no handshake is cut off at the end either.
  if (options.onePerConnection) inFlight++;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int on = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (options.tls) {
    c->ssl = SSL_new(secure);
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_connect_state(c->ssl);
    SSL_set_tlsext_host_name(c->ssl, c->request->serverName);
  }
  // Before connect, so that the edge is not missed.
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event) < 0) fail("epoll_ctl");
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)options.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) fail("connect");
}

// A connection is open, and with TLS the handshake done, when it can take a request.
static void go_on_opening(struct connection *c, uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    // Before connect() a socket reports a hang-up too.
    if (error == 0) return;
    errno = error;
    fail("connect");
  }
  if ((events & EPOLLOUT) == 0 && c->ssl == NULL) return;
  if (c->ssl != NULL) {
    int done = SSL_do_handshake(c->ssl);
    if (done != 1) {
      int error = SSL_get_error(c->ssl, done);
      if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
      give_up(c, &counts.transport);
      return;
    }
  }
  if (!options.onePerConnection) be_free(c);
  // The latency of a request on a connection of its own counts from the start of the connection.
  else ask(c, c->due);
}

static void serve(struct connection *c, uint32_t events) {
  long generation = c->generation;
  if (c->state == Opening) go_on_opening(c, events);
  else if (c->state == Asking && (events & EPOLLOUT) != 0 && c->sent < c->request->length) send_rest(c);
  if (c->generation == generation && c->state != Opening && (events & (EPOLLIN | EPOLLRDHUP)) != 0)
    read_all(c, (events & EPOLLRDHUP) != 0);
}

static void set_timer(int timer, double seconds) {
  if (seconds < 1e-6) seconds = 1e-6;
  time_t whole = (time_t)seconds;
  struct itimerspec at = {.it_value = {whole, (long)((seconds - (double)whole) * 1e9)}};
  timerfd_settime(timer, 0, &at, NULL);
}

// Sends what is due; returns when the next request is.
static double send_due(double due) {
  static unsigned seed = 12345;
  while (freeConnections != NULL && due <= now() && due < deadline) {
    struct connection *c = freeConnections;
    freeConnections = c->nextFree;
    ask(c, due);
    double uniform = ((double)rand_r(&seed) + 1) / ((double)RAND_MAX + 2);
    due -= log(uniform) / options.rate;
  }
  return due;
}

static double run(struct connection *all) {
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event);
  double start = now(), due = start, last = start;
  deadline = start + options.seconds;
  for (int i = 0; i < options.connections; i++) open_connection(&all[i]);

  struct epoll_event events[MaxEvents];
  for (;;) {
    double time = now();
    if (time >= deadline && (inFlight == 0 || time > deadline + Patience)) break;
    if (options.rate > 0) {
      due = send_due(due);
      if (due < deadline && freeConnections != NULL) set_timer(timer, due - now());
    }
    int ready = epoll_wait(poller, events, MaxEvents, 50);
    if (ready < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < ready; i++) {
      uint64_t expirations;
      if (events[i].data.ptr != NULL) serve(events[i].data.ptr, events[i].events);
      else if (read(timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN) fail("read");
    }
    if (inFlight > 0) last = now();
  }
  counts.unanswered = inFlight;
  return (last < deadline ? deadline : last) - start;
}

static bool parse(int argc, char **argv) {
  const char *file = NULL;
  for (int option; (option = getopt(argc, argv, "p:f:c:d:r:tx")) != -1;) {
    switch (option) {
      case 'p': options.port = atoi(optarg); break;
      case 'f': file = optarg; break;
      case 'c': options.connections = atoi(optarg); break;
      case 'd': options.seconds = atof(optarg); break;
      case 'r': options.rate = atof(optarg); break;
      case 't': options.tls = true; break;
      case 'x': options.onePerConnection = true; break;
      default: return false;
    }
  }
  if (file == NULL || options.port == 0 || options.connections < 1) return false;
  if (options.rate > 0 && options.onePerConnection) return false;
  requests_read(file);
  return true;
}

int main(int argc, char **argv) {
  if (!parse(argc, argv)) {
    fprintf(stderr, "usage: load -p PORT -f REQUESTS [-c CONNECTIONS] [-d SECONDS] [-r RATE] [-t] [-x]\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files = {1 << 20, 1 << 20};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  body_prepare();
  poller = epoll_create1(0);
  if (options.tls) secure = stream_secure();
  struct connection *all = calloc((size_t)options.connections, sizeof *all);
  if (all == NULL) fail("calloc");
  double seconds = run(all);
  printf("{\"requests\":%ld,\"seconds\":%.4f,\"connections\":%ld,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f,"
         "\"errors\":{\"status\":%ld,\"length\":%ld,\"body\":%ld,\"transport\":%ld,\"unanswered\":%ld}}\n",
         latency_count, seconds, counts.opened, latency_percentile(0.5), latency_percentile(0.9),
         latency_percentile(0.99), latency_percentile(1), counts.status, counts.length, counts.body, counts.transport,
         counts.unanswered);
  return 0;
}
