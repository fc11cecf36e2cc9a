// Bytes over a socket, plain or by TLS. Used by load.c.
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H
#include <errno.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

// Both return > 0: bytes; 0: the peer is done; -1: not now; -2: broken. `ssl` is NULL for plain sockets.

static ssize_t stream_outcome(SSL *ssl, int result) {
  if (result > 0) return result;
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      return -2;
  }
}

static ssize_t stream_receive(int fd, SSL *ssl, char *to, size_t size) {
  if (ssl != NULL) return stream_outcome(ssl, SSL_read(ssl, to, (int)size));
  ssize_t got = recv(fd, to, size, 0);
  return got >= 0 ? got : errno == EAGAIN ? -1 : -2;
}

static ssize_t stream_send(int fd, SSL *ssl, const char *from, size_t size) {
  if (ssl != NULL) return stream_outcome(ssl, SSL_write(ssl, from, (int)size));
  ssize_t sent = send(fd, from, size, MSG_NOSIGNAL);
  return sent >= 0 ? sent : errno == EAGAIN ? -1 : -2;
}

// For clients that never resume: each connection is a full handshake. The certificate is the benchmark's own, so it is not verified.
static SSL_CTX *stream_secure(void) {
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_quiet_shutdown(context, 1);
  return context;
}
#endif
