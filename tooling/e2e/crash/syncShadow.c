/*
 * A disk that loses power: keeps, of every file in a folder, what its last sync made durable. Preloaded into a server
 * (LD_PRELOAD), which a test then kills; PowerCut.ts puts together what such a disk may hold at that moment.
 *
 *   T3_SHADOW_OF   the folder, an absolute path without links
 *   T3_SHADOW      an empty folder for what is durable: one file per inode, and `listing`, which says "inode name" a line
 *   T3_SHADOW_CUT  dies at the n-th of its points: every sync in that folder has one before and one after it (optional)
 *
 * What is modelled. A file's contents are durable as of its last fsync or fdatasync. A name is durable as of the last
 * fsync of the folder: a file that is created, renamed or removed after it is, after the cut, as it was before. This is
 * less than any file system in use gives (they journal names in order, and sync the name of a new file with it) and all
 * that POSIX promises; SQLite asks for no more, since it syncs the folder after it makes a journal. What lay in the folder
 * when the process began is durable. Shared memory (-shm) is no file that anybody syncs, and is left out.
 *
 * Other ways to make a file durable are not watched, because neither SQLite nor Node uses them here: O_SYNC, msync,
 * sync_file_range, syncfs. Had one been used, the test would report a loss where there is none: it errs to the safe side.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *folder, *shadow;
static long cut;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* A shadow that is not right must not look like one. */
static void check(int fine, const char *what) {
  if (fine) return;
  perror(what);
  abort();
}

static int is_shared_memory(const char *name) {
  size_t length = strlen(name);
  return length >= 4 && strcmp(name + length - 4, "-shm") == 0;
}

static void shadow_path(char *path, const char *name, const char *ending) {
  check(snprintf(path, PATH_MAX, "%s/%s%s", shadow, name, ending) < PATH_MAX, "syncShadow: path");
}

/* The number of an inode means one file for as long as somebody has it open. */
static void pin(int fd, ino_t inode) {
  static ino_t pinned[1024];
  static int count;
  for (int i = 0; i < count; i++)
    if (pinned[i] == inode) return;
  check(count < 1024 && fcntl(fd, F_DUPFD_CLOEXEC, 0) >= 0, "syncShadow: pin");
  pinned[count++] = inode;
}

/* Reads through the descriptor itself: to close another one of the same file would drop SQLite's locks (POSIX). */
static void copy_contents(int fd, const char *to) {
  static char bytes[1 << 16];
  int source = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY ? -1 : fd;
  if (source < 0) {
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    source = open(self, O_RDONLY | O_CLOEXEC);
  }
  int target = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  check(source >= 0 && target >= 0, "syncShadow: open");
  off_t at = 0;
  for (ssize_t got; (got = pread(source, bytes, sizeof bytes, at)) != 0; at += got)
    check(got > 0 && write(target, bytes, got) == got, "syncShadow: copy");
  close(target);
}

static void keep_file(int fd, ino_t inode) {
  char name[32], path[PATH_MAX], fresh[PATH_MAX];
  snprintf(name, sizeof name, "%lu", (unsigned long) inode);
  shadow_path(path, name, "");
  shadow_path(fresh, name, ".new");
  pin(fd, inode);
  copy_contents(fd, fresh);
  check(rename(fresh, path) == 0, "syncShadow: rename");
}

/* `each` is told of every regular file of the folder. */
static void keep_listing(void (*each)(const char *name, ino_t inode)) {
  char path[PATH_MAX], fresh[PATH_MAX];
  shadow_path(path, "listing", "");
  shadow_path(fresh, "listing", ".new");
  DIR *entries = opendir(folder);
  FILE *listing = fopen(fresh, "we");
  check(entries != NULL && listing != NULL, "syncShadow: listing");
  for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
    struct stat stats;
    if (is_shared_memory(entry->d_name) || fstatat(dirfd(entries), entry->d_name, &stats, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(stats.st_mode)) continue;
    if (each != NULL) each(entry->d_name, stats.st_ino);
    fprintf(listing, "%lu %s\n", (unsigned long) stats.st_ino, entry->d_name);
  }
  closedir(entries);
  check(fclose(listing) == 0 && rename(fresh, path) == 0, "syncShadow: listing");
}

/* Stays open: see copy_contents. */
static void keep_what_is_there(const char *name, ino_t inode) {
  char path[PATH_MAX];
  check(snprintf(path, sizeof path, "%s/%s", folder, name) < (int) sizeof path, "syncShadow: path");
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  check(fd >= 0, "syncShadow: open");
  keep_file(fd, inode);
}

__attribute__((constructor)) static void begin(void) {
  char path[PATH_MAX];
  const char *at = getenv("T3_SHADOW_CUT");
  folder = getenv("T3_SHADOW_OF");
  shadow = getenv("T3_SHADOW");
  check(folder != NULL && shadow != NULL, "syncShadow: T3_SHADOW_OF and T3_SHADOW");
  cut = at == NULL ? 0 : atol(at);
  shadow_path(path, "listing", "");
  if (access(path, F_OK) != 0 && access(folder, F_OK) == 0) keep_listing(keep_what_is_there);
}

/* Whether the descriptor is of the folder or of a file in it, which may have lost its name since. */
static int is_watched(int fd, struct stat *stats) {
  char self[64], path[PATH_MAX];
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(self, path, sizeof path - 1);
  if (length < 0 || fstat(fd, stats) != 0) return 0;
  path[length] = '\0';
  size_t start = strlen(folder);
  if (strncmp(path, folder, start) != 0) return 0;
  if (S_ISDIR(stats->st_mode)) return path[start] == '\0';
  return S_ISREG(stats->st_mode) && path[start] == '/' && !is_shared_memory(path);
}

static void point(void) {
  static long points;
  if (++points == cut) raise(SIGKILL);
}

static int shadowed(const char *name, int fd) {
  int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, name);
  struct stat stats;
  if (!is_watched(fd, &stats)) return real(fd);
  pthread_mutex_lock(&mutex);
  point();
  int result = real(fd);
  if (result == 0 && S_ISDIR(stats.st_mode)) keep_listing(NULL);
  if (result == 0 && S_ISREG(stats.st_mode)) keep_file(fd, stats.st_ino);
  point();
  pthread_mutex_unlock(&mutex);
  return result;
}

int fsync(int fd) { return shadowed("fsync", fd); }

int fdatasync(int fd) { return shadowed("fdatasync", fd); }
