/* File operations below one folder, counted, and made to fail at the n-th: preloaded below Python and SQLite alike.
 *
 * shim_arm(at, error, mode)   at: number of the operation from now on, 0 for none; shim_count() what was counted since
 * mode 0 once, 1 from then on, 2 half of a write and then the error, 3 SIGKILL before it, 4 SIGKILL after it
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static long count, fail_at;
static int fail_error, fail_mode;
static char root[PATH_MAX];

void shim_root(const char *path) { snprintf(root, sizeof root, "%s", path); }
void shim_arm(long at, int error, int mode) { count = 0; fail_at = at; fail_error = error; fail_mode = mode; }
long shim_count(void) { return count; }

static int below(const char *path) { return root[0] && path && strncmp(path, root, strlen(root)) == 0; }

static int fd_below(int fd) {
  char link[64], path[PATH_MAX];
  if (!root[0] || fd < 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n <= 0) return 0;
  path[n] = 0;
  return below(path);
}

/* 0: let it happen; 1: it fails; 2: half of it; 4: kill when it is done */
static int struck(void) {
  long now = __sync_add_and_fetch(&count, 1);
  if (!fail_at || now < fail_at || (now > fail_at && fail_mode != 1)) return 0;
  if (fail_mode == 3) kill(getpid(), SIGKILL);
  if (fail_mode == 4) return 4;
  errno = fail_error;
  return fail_mode == 2 ? 2 : 1;
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, #name)
#define DONE(result) do { long r_ = (result); if (s == 4) kill(getpid(), SIGKILL); return r_; } while (0)

#define WRITE(name, off) \
ssize_t name(int fd, const void *data, size_t size, off at) { \
  REAL(ssize_t, name, int, const void *, size_t, off); \
  int s = fd_below(fd) ? struck() : 0; \
  if (s == 1) return -1; \
  if (s == 2) { if (size > 1) real(fd, data, size / 2, at); errno = fail_error; return -1; } \
  DONE(real(fd, data, size, at)); \
}
WRITE(pwrite, off_t)
WRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t size) {
  REAL(ssize_t, write, int, const void *, size_t);
  int s = fd_below(fd) ? struck() : 0;
  if (s == 1) return -1;
  if (s == 2) { if (size > 1) real(fd, data, size / 2); errno = fail_error; return -1; }
  DONE(real(fd, data, size));
}

#define ON_FD(type, name, decl, call) \
type name decl { \
  REAL(type, name, int, ...); \
  int s = fd_below(fd) ? struck() : 0; \
  if (s == 1 || s == 2) return -1; \
  DONE(((type (*) decl)real) call); \
}
ON_FD(int, fsync, (int fd), (fd))
ON_FD(int, fdatasync, (int fd), (fd))
ON_FD(int, ftruncate, (int fd, off_t size), (fd, size))
ON_FD(int, ftruncate64, (int fd, off64_t size), (fd, size))
ON_FD(ssize_t, pread, (int fd, void *data, size_t size, off_t at), (fd, data, size, at))
ON_FD(ssize_t, pread64, (int fd, void *data, size_t size, off64_t at), (fd, data, size, at))

#define ON_PATH(name, decl, path, call) \
int name decl { \
  REAL(int, name, const char *, ...); \
  int s = below(path) ? struck() : 0; \
  if (s == 1 || s == 2) return -1; \
  DONE(((int (*) decl)real) call); \
}
ON_PATH(unlink, (const char *path), path, (path))
ON_PATH(rename, (const char *from, const char *to), to, (from, to))
ON_PATH(link, (const char *from, const char *to), to, (from, to))

int linkat(int fd, const char *from, int fd2, const char *to, int flags) {
  REAL(int, linkat, int, const char *, int, const char *, int);
  int s = below(to) ? struck() : 0;
  if (s == 1 || s == 2) return -1;
  DONE(real(fd, from, fd2, to, flags));
}

#define OPEN(name) \
int name(const char *path, int flags, ...) { \
  REAL(int, name, const char *, int, ...); \
  va_list more; va_start(more, flags); int mode = va_arg(more, int); va_end(more); \
  int s = below(path) ? struck() : 0; \
  if (s == 1 || s == 2) return -1; \
  DONE(real(path, flags, mode)); \
}
OPEN(open)
OPEN(open64)
