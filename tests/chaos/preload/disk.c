// What a disk does to those who write to it: to the files under CHAOS_DIRECTORY only.

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"

static bool is_ours(const char* path) {
  const char* directory = getenv("CHAOS_DIRECTORY");
  return directory != NULL && strncmp(path, directory, strlen(directory)) == 0;
}

static bool is_ours_open(int file) {
  char link[64];
  char path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return false;
  path[length] = 0;
  return is_ours(path);
}

static bool any_fault(void) {
  return chaos_control != NULL && chaos_control->faults != 0;
}

static int fail(int code) {
  errno = code;
  return -1;
}

// The error that a write meets, or 0.
static int error_of_write(void) {
  if (chaos_meets(FAULT_READ_ONLY)) return EROFS;
  if (chaos_meets(FAULT_NO_SPACE)) return ENOSPC;
  if (chaos_meets(FAULT_WRITE)) return EIO;
  return 0;
}

static size_t length_of_write(size_t size) {
  return size > 1 && chaos_meets(FAULT_SHORT_WRITE) ? size / 2 : size;
}

static ssize_t faulty_pwrite(const char* name, int file, const void* data, size_t size,
                             off64_t offset) {
  ssize_t (*real)(int, const void*, size_t, off64_t) = chaos_real(name);
  if (chaos_tears) {
    real(file, data, size / 2, offset);
    chaos_die();
  }
  if (any_fault() && is_ours_open(file)) {
    const int error = error_of_write();
    if (error != 0) return fail(error);
    size = length_of_write(size);
  }
  return real(file, data, size, offset);
}

ssize_t pwrite(int file, const void* data, size_t size, off_t offset) {
  return faulty_pwrite("pwrite", file, data, size, offset);
}

ssize_t pwrite64(int file, const void* data, size_t size, off64_t offset) {
  return faulty_pwrite("pwrite64", file, data, size, offset);
}

ssize_t write(int file, const void* data, size_t size) {
  static ssize_t (*real)(int, const void*, size_t);
  if (real == NULL) real = chaos_real("write");
  if (any_fault() && is_ours_open(file)) {
    const int error = error_of_write();
    if (error != 0) return fail(error);
    size = length_of_write(size);
  }
  return real(file, data, size);
}

static ssize_t faulty_pread(const char* name, int file, void* data, size_t size, off64_t offset) {
  ssize_t (*real)(int, void*, size_t, off64_t) = chaos_real(name);
  if (any_fault() && is_ours_open(file) && chaos_meets(FAULT_READ)) return fail(EIO);
  return real(file, data, size, offset);
}

ssize_t pread(int file, void* data, size_t size, off_t offset) {
  return faulty_pread("pread", file, data, size, offset);
}

ssize_t pread64(int file, void* data, size_t size, off64_t offset) {
  return faulty_pread("pread64", file, data, size, offset);
}

static int faulty_truncate(const char* name, int file, off64_t size) {
  int (*real)(int, off64_t) = chaos_real(name);
  struct stat now;
  if (any_fault() && is_ours_open(file)) {
    if (chaos_meets(FAULT_READ_ONLY)) return fail(EROFS);
    // A file that gets shorter needs no space.
    const bool grows = fstat(file, &now) == 0 && size > now.st_size;
    if (grows && chaos_meets(FAULT_NO_SPACE)) return fail(ENOSPC);
  }
  return real(file, size);
}

int ftruncate(int file, off_t size) {
  return faulty_truncate("ftruncate", file, size);
}

int ftruncate64(int file, off64_t size) {
  return faulty_truncate("ftruncate64", file, size);
}

static int faulty_sync(const char* name, int file) {
  int (*real)(int) = chaos_real(name);
  if (any_fault() && is_ours_open(file) && chaos_meets(FAULT_SYNC)) return fail(EIO);
  return real(file);
}

int fsync(int file) {
  return faulty_sync("fsync", file);
}

int fdatasync(int file) {
  return faulty_sync("fdatasync", file);
}

static int faulty_open(const char* name, const char* path, int flags, mode_t mode) {
  int (*real)(const char*, int, ...) = chaos_real(name);
  const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0;
  if (writes && any_fault() && is_ours(path) && chaos_meets(FAULT_READ_ONLY)) return fail(EROFS);
  return real(path, flags, mode);
}

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return faulty_open("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return faulty_open("open64", path, flags, mode);
}
