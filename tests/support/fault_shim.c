/* File-system calls that fail, or kill their process, on demand: a library for LD_PRELOAD.

   Calls on what lies below given folders are counted, over all processes that share one state file. From the N-th on,
   the first call of a chosen kind fails, is cut short, or is its process's last one. The environment says what to do,
   read when a process starts and when it calls faults_arm():

     FAULTS_FOLDERS   absolute folders, joined by colons; without them every call is left alone
     FAULTS_STATE     a file for the shared counters
     FAULTS_LOG       a file that gets a line a call, `KIND PATH`, with `!` before the one that was chosen
     FAULTS_AT        N; 0 only counts
     FAULTS_KINDS     bits, of enum kind, of the calls that are chosen from
     FAULTS_DO        fail, short (half is written), before or after (the process is killed then), torn (half is
                      written, then it is killed)
     FAULTS_ERRNO     the error
     FAULTS_LASTING   1: all later calls of these kinds fail as well
     FAULTS_FIRST     1: only the process that began; what it starts is left alone */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utime.h>

#define EXPORT __attribute__((visibility("default")))
#define FDS 4096
#define LONGEST 1024

enum kind { OPEN, CREATE, READ, WRITE, SYNC, NAME, UNLINK, MKDIR, META, MAP, LIST, STAT, LOCK, CLOSE };
static const char *const NAMES[] = {"open", "create", "read",  "write", "sync", "name", "unlink",
                                    "mkdir", "meta",  "map",   "list",  "stat", "lock", "close"};
enum action { PASS, FAIL, SHORT, BEFORE, AFTER, TORN };
static const char *const ACTIONS[] = {"pass", "fail", "short", "before", "after", "torn"};

struct counters {
    atomic_long calls;
    atomic_int fired;
};

static char folders[8 * LONGEST];
static struct counters *counters;
static char paths[FDS][LONGEST]; /* of descriptors on what is counted; else empty */
static int log_fd = -1, fault_errno, lasting, armed;
static long at;
static unsigned long kinds;
static enum action todo;
static pid_t only;

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 0) : 0;
}

EXPORT void faults_arm(void) {
    const char *state = getenv("FAULTS_STATE"), *log = getenv("FAULTS_LOG"), *what = getenv("FAULTS_DO");
    const char *watched = getenv("FAULTS_FOLDERS");
    armed = 0;
    only = 0;
    if (log_fd >= 0) syscall(SYS_close, log_fd);
    log_fd = -1;
    if (!watched || !*watched || !state || strlen(watched) >= sizeof folders) return;
    strcpy(folders, watched);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, state, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || syscall(SYS_ftruncate, fd, sizeof(struct counters))) abort();
    counters = (void *)syscall(SYS_mmap, NULL, sizeof(struct counters), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (counters == MAP_FAILED) abort();
    if (log) {
        fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        log_fd = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 800);
        syscall(SYS_close, fd);
    }
    at = number("FAULTS_AT");
    kinds = (unsigned long)number("FAULTS_KINDS");
    fault_errno = (int)number("FAULTS_ERRNO");
    lasting = (int)number("FAULTS_LASTING");
    todo = PASS;
    for (int index = 0; what && index < 6; index++)
        if (!strcmp(what, ACTIONS[index])) todo = (enum action)index;
    if (number("FAULTS_FIRST")) {
        const char *owner = getenv("FAULTS_OWNER");
        char own[32];
        snprintf(own, sizeof own, "%d", (int)getpid());
        if (owner && strcmp(owner, own)) return;
        setenv("FAULTS_OWNER", own, 1);
        only = getpid();
    }
    armed = 1;
}

__attribute__((constructor)) static void begin(void) { faults_arm(); }

/* Make a path absolute and simple; returns whether it lies in a counted folder. */
static int within(int dirfd, const char *path, char out[LONGEST]) {
    char whole[2 * LONGEST + 2];
    out[0] = 0;
    if (!armed || !path || strlen(path) >= LONGEST) return 0;
    if (path[0] == '/') {
        strcpy(whole, path);
    } else {
        char base[LONGEST], link[64];
        if (dirfd == AT_FDCWD) {
            if (syscall(SYS_getcwd, base, sizeof base) < 0) return 0;
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd);
            ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, base, sizeof base - 1);
            if (length < 0) return 0;
            base[length] = 0;
        }
        snprintf(whole, sizeof whole, "%s/%s", base, path);
    }
    size_t end = 0;
    for (char *rest = whole, *part; (part = strsep(&rest, "/"));) {
        if (!*part || !strcmp(part, ".")) continue;
        if (!strcmp(part, "..")) {
            while (end && out[--end] != '/') {}
            out[end] = 0;
        } else if (end + strlen(part) + 2 < LONGEST) {
            out[end++] = '/';
            strcpy(out + end, part);
            end += strlen(part);
        }
    }
    for (const char *folder = folders; *folder;) {
        size_t length = strcspn(folder, ":");
        if (length && !strncmp(out, folder, length) && (out[length] == '/' || !out[length])) return 1;
        folder += length + (folder[length] == ':');
    }
    out[0] = 0;
    return 0;
}

static const char *path_of(int fd) { return armed && fd >= 0 && fd < FDS && paths[fd][0] ? paths[fd] : NULL; }

static void track(int fd, const char *path) {
    if (fd >= 0 && fd < FDS) strcpy(paths[fd], path);
}

static void forget(int fd) {
    if (fd >= 0 && fd < FDS) paths[fd][0] = 0;
}

/* Count a call and decide what becomes of it. */
static enum action verdict(enum kind kind, const char *path) {
    if (!armed || (only && getpid() != only)) return PASS;
    int kept = errno;
    long call = atomic_fetch_add(&counters->calls, 1) + 1;
    enum action action = PASS;
    if (at && call >= at && (kinds >> kind & 1)) {
        if (!atomic_exchange(&counters->fired, 1))
            action = todo;
        else if (lasting)
            action = FAIL;
    }
    if (log_fd >= 0) {
        char line[LONGEST + 64];
        int length = snprintf(line, sizeof line, "%s%s %s\n", action ? "!" : "", NAMES[kind], path);
        syscall(SYS_write, log_fd, line, length);
    }
    errno = kept;
    if (action == SHORT && kind != WRITE) action = PASS;
    if (action == TORN && kind != WRITE) action = BEFORE;
    return action;
}

static _Noreturn void die(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define GUARD(kind, path, failed, call) \
    do { \
        switch (verdict(kind, path)) { \
        case FAIL: errno = fault_errno; return failed; \
        case TORN: \
        case BEFORE: die(); \
        case AFTER: (void)!call; die(); \
        default: break; \
        } \
    } while (0)

/* Opening */

static enum kind opening(int flags) {
    return (flags & O_ACCMODE) == O_RDONLY && !(flags & (O_CREAT | O_TRUNC)) ? OPEN : CREATE;
}

#define OPENER(name, dirfd, head, call) \
    EXPORT int name head { \
        REAL(name); \
        char full[LONGEST]; \
        mode_t mode = 0; \
        if (flags & (O_CREAT | __O_TMPFILE)) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        int counted = within(dirfd, path, full); \
        if (counted) GUARD(opening(flags), full, -1, real call); \
        int fd = real call; \
        if (fd >= 0) track(fd, full); \
        return fd; \
    }
OPENER(open, AT_FDCWD, (const char *path, int flags, ...), (path, flags, mode))
OPENER(open64, AT_FDCWD, (const char *path, int flags, ...), (path, flags, mode))
OPENER(openat, at_fd, (int at_fd, const char *path, int flags, ...), (at_fd, path, flags, mode))
OPENER(openat64, at_fd, (int at_fd, const char *path, int flags, ...), (at_fd, path, flags, mode))

#define PLAIN_OPENER(name, dirfd, flagged, head, call) \
    EXPORT int name head; \
    EXPORT int name head { \
        REAL(name); \
        char full[LONGEST]; \
        int counted = within(dirfd, path, full); \
        if (counted) GUARD(opening(flagged), full, -1, real call); \
        int fd = real call; \
        if (fd >= 0) track(fd, full); \
        return fd; \
    }
PLAIN_OPENER(creat, AT_FDCWD, O_CREAT, (const char *path, mode_t mode), (path, mode))
PLAIN_OPENER(creat64, AT_FDCWD, O_CREAT, (const char *path, mode_t mode), (path, mode))
PLAIN_OPENER(__open_2, AT_FDCWD, flags, (const char *path, int flags), (path, flags))
PLAIN_OPENER(__open64_2, AT_FDCWD, flags, (const char *path, int flags), (path, flags))
PLAIN_OPENER(__openat_2, at_fd, flags, (int at_fd, const char *path, int flags), (at_fd, path, flags))
PLAIN_OPENER(__openat64_2, at_fd, flags, (int at_fd, const char *path, int flags), (at_fd, path, flags))

#define STREAM_OPENER(name) \
    EXPORT FILE *name(const char *path, const char *mode) { \
        REAL(name); \
        char full[LONGEST]; \
        int counted = within(AT_FDCWD, path, full); \
        if (counted) GUARD(strpbrk(mode, "wa+") ? CREATE : OPEN, full, NULL, real(path, mode)); \
        FILE *stream = real(path, mode); \
        if (stream) track(fileno(stream), full); \
        return stream; \
    }
STREAM_OPENER(fopen)
STREAM_OPENER(fopen64)

EXPORT DIR *opendir(const char *path) {
    REAL(opendir);
    char full[LONGEST];
    int counted = within(AT_FDCWD, path, full);
    if (counted) GUARD(LIST, full, NULL, real(path));
    DIR *stream = real(path);
    if (stream) track(dirfd(stream), full);
    return stream;
}

/* Descriptors that live on under another number, and closing */

EXPORT int dup(int fd) {
    REAL(dup);
    int other = real(fd);
    if (other >= 0) track(other, path_of(fd) ? paths[fd] : "");
    return other;
}

EXPORT int dup2(int fd, int target) {
    REAL(dup2);
    int other = real(fd, target);
    if (other >= 0 && other != fd) track(other, path_of(fd) ? paths[fd] : "");
    return other;
}

#define CONTROL(name) \
    EXPORT int name(int fd, int command, ...) { \
        REAL(name); \
        va_list rest; \
        va_start(rest, command); \
        void *argument = va_arg(rest, void *); \
        va_end(rest); \
        int found = real(fd, command, argument); \
        if (found >= 0 && (command == F_DUPFD || command == F_DUPFD_CLOEXEC)) track(found, path_of(fd) ? paths[fd] : ""); \
        return found; \
    }
CONTROL(fcntl)
CONTROL(fcntl64)

/* A descriptor is closed even where closing it tells an error. */
EXPORT int close(int fd) {
    REAL(close);
    char full[LONGEST];
    if (!path_of(fd)) {
        forget(fd);
        return real(fd);
    }
    strcpy(full, paths[fd]);
    forget(fd);
    enum action action = verdict(CLOSE, full);
    if (action == BEFORE) die();
    int found = real(fd);
    if (action == AFTER) die();
    if (action != FAIL) return found;
    errno = fault_errno;
    return -1;
}

EXPORT int fclose(FILE *stream) {
    REAL(fclose);
    char full[LONGEST] = "";
    int fd = fileno(stream);
    if (path_of(fd)) strcpy(full, paths[fd]);
    forget(fd);
    enum action action = *full ? verdict(CLOSE, full) : PASS;
    if (action == BEFORE) die();
    int found = real(stream);
    if (action == AFTER) die();
    if (action != FAIL) return found;
    errno = fault_errno;
    return EOF;
}

EXPORT int closedir(DIR *stream) {
    REAL(closedir);
    forget(dirfd(stream));
    return real(stream);
}

/* Reading and writing */

#define READER(name, type, head, call) \
    EXPORT type name head; \
    EXPORT type name head { \
        REAL(name); \
        if (path_of(fd)) GUARD(READ, paths[fd], -1, real call); \
        return real call; \
    }
READER(read, ssize_t, (int fd, void *to, size_t size), (fd, to, size))
READER(pread, ssize_t, (int fd, void *to, size_t size, off_t place), (fd, to, size, place))
READER(pread64, ssize_t, (int fd, void *to, size_t size, off64_t place), (fd, to, size, place))
READER(readv, ssize_t, (int fd, const struct iovec *to, int count), (fd, to, count))
READER(preadv, ssize_t, (int fd, const struct iovec *to, int count, off_t place), (fd, to, count, place))
READER(preadv64, ssize_t, (int fd, const struct iovec *to, int count, off64_t place), (fd, to, count, place))
READER(__read_chk, ssize_t, (int fd, void *to, size_t size, size_t room), (fd, to, size, room))
READER(__pread_chk, ssize_t, (int fd, void *to, size_t size, off_t place, size_t room), (fd, to, size, place, room))
READER(__pread64_chk, ssize_t, (int fd, void *to, size_t size, off64_t place, size_t room), (fd, to, size, place, room))

#define WRITER(name, head, whole, half) \
    EXPORT ssize_t name head { \
        REAL(name); \
        if (!path_of(fd)) return real whole; \
        switch (verdict(WRITE, paths[fd])) { \
        case FAIL: errno = fault_errno; return -1; \
        case SHORT: return real half; \
        case BEFORE: die(); \
        case AFTER: (void)!real whole; die(); \
        case TORN: (void)!real half; die(); \
        default: return real whole; \
        } \
        return -1; \
    }
WRITER(write, (int fd, const void *from, size_t size), (fd, from, size), (fd, from, (size + 1) / 2))
WRITER(pwrite, (int fd, const void *from, size_t size, off_t place), (fd, from, size, place),
       (fd, from, (size + 1) / 2, place))
WRITER(pwrite64, (int fd, const void *from, size_t size, off64_t place), (fd, from, size, place),
       (fd, from, (size + 1) / 2, place))
WRITER(writev, (int fd, const struct iovec *from, int count), (fd, from, count), (fd, from, (count + 1) / 2))
WRITER(pwritev, (int fd, const struct iovec *from, int count, off_t place), (fd, from, count, place),
       (fd, from, (count + 1) / 2, place))
WRITER(pwritev64, (int fd, const struct iovec *from, int count, off64_t place), (fd, from, count, place),
       (fd, from, (count + 1) / 2, place))

/* The C library's streams call read and write by themselves, unseen: their own calls stand for these. */

EXPORT size_t fread(void *to, size_t size, size_t count, FILE *stream) {
    REAL(fread);
    if (path_of(fileno(stream))) GUARD(READ, paths[fileno(stream)], 0, real(to, size, count, stream));
    return real(to, size, count, stream);
}

EXPORT size_t fwrite(const void *from, size_t size, size_t count, FILE *stream) {
    REAL(fwrite);
    const char *path = path_of(fileno(stream));
    if (!path) return real(from, size, count, stream);
    switch (verdict(WRITE, path)) {
    case FAIL: errno = fault_errno; return 0;
    case SHORT: errno = fault_errno; return real(from, size, count / 2, stream);
    case BEFORE: die();
    case AFTER:
    case TORN: real(from, size, (count + 1) / 2, stream); fflush(stream); die();
    default: return real(from, size, count, stream);
    }
    return 0;
}

#define COPIER(name, head, call) \
    EXPORT ssize_t name head; \
    EXPORT ssize_t name head { \
        REAL(name); \
        if (path_of(to)) GUARD(WRITE, paths[to], -1, real call); \
        else if (path_of(from)) GUARD(READ, paths[from], -1, real call); \
        return real call; \
    }
COPIER(sendfile, (int to, int from, off_t *place, size_t size), (to, from, place, size))
COPIER(sendfile64, (int to, int from, off64_t *place, size_t size), (to, from, place, size))
COPIER(copy_file_range, (int from, off64_t *a, int to, off64_t *b, size_t size, unsigned flags),
       (from, a, to, b, size, flags))

/* Other calls on descriptors */

#define ON_DESCRIPTOR(kind, name, failed, type, head, call) \
    EXPORT type name head; \
    EXPORT type name head { \
        REAL(name); \
        if (path_of(fd)) GUARD(kind, paths[fd], failed, real call); \
        return real call; \
    }
ON_DESCRIPTOR(SYNC, fsync, -1, int, (int fd), (fd))
ON_DESCRIPTOR(SYNC, fdatasync, -1, int, (int fd), (fd))
ON_DESCRIPTOR(WRITE, ftruncate, -1, int, (int fd, off_t size), (fd, size))
ON_DESCRIPTOR(WRITE, ftruncate64, -1, int, (int fd, off64_t size), (fd, size))
ON_DESCRIPTOR(META, futimens, -1, int, (int fd, const struct timespec times[2]), (fd, times))
ON_DESCRIPTOR(META, fchmod, -1, int, (int fd, mode_t mode), (fd, mode))
ON_DESCRIPTOR(LOCK, flock, -1, int, (int fd, int operation), (fd, operation))
ON_DESCRIPTOR(STAT, fstat, -1, int, (int fd, struct stat *told), (fd, told))
ON_DESCRIPTOR(STAT, fstat64, -1, int, (int fd, struct stat64 *told), (fd, told))
ON_DESCRIPTOR(STAT, __fxstat, -1, int, (int version, int fd, struct stat *told), (version, fd, told))
ON_DESCRIPTOR(STAT, __fxstat64, -1, int, (int version, int fd, struct stat64 *told), (version, fd, told))
ON_DESCRIPTOR(MAP, mmap, MAP_FAILED, void *, (void *to, size_t size, int may, int flags, int fd, off_t place),
              (to, size, may, flags, fd, place))
ON_DESCRIPTOR(MAP, mmap64, MAP_FAILED, void *, (void *to, size_t size, int may, int flags, int fd, off64_t place),
              (to, size, may, flags, fd, place))
ON_DESCRIPTOR(LIST, fdopendir, NULL, DIR *, (int fd), (fd))

EXPORT struct dirent *readdir(DIR *stream) {
    REAL(readdir);
    if (path_of(dirfd(stream))) GUARD(LIST, paths[dirfd(stream)], NULL, real(stream));
    return real(stream);
}

EXPORT struct dirent64 *readdir64(DIR *stream) {
    REAL(readdir64);
    if (path_of(dirfd(stream))) GUARD(LIST, paths[dirfd(stream)], NULL, real(stream));
    return real(stream);
}

/* Calls on paths */

#define ON_PATH(kind, name, dirfd, head, call) \
    EXPORT int name head; \
    EXPORT int name head { \
        REAL(name); \
        char full[LONGEST]; \
        if (within(dirfd, path, full)) GUARD(kind, full, -1, real call); \
        return real call; \
    }
ON_PATH(MKDIR, mkdir, AT_FDCWD, (const char *path, mode_t mode), (path, mode))
ON_PATH(MKDIR, mkdirat, at_fd, (int at_fd, const char *path, mode_t mode), (at_fd, path, mode))
ON_PATH(UNLINK, unlink, AT_FDCWD, (const char *path), (path))
ON_PATH(UNLINK, unlinkat, at_fd, (int at_fd, const char *path, int flags), (at_fd, path, flags))
ON_PATH(UNLINK, rmdir, AT_FDCWD, (const char *path), (path))
ON_PATH(UNLINK, remove, AT_FDCWD, (const char *path), (path))
ON_PATH(WRITE, truncate, AT_FDCWD, (const char *path, off_t size), (path, size))
ON_PATH(WRITE, truncate64, AT_FDCWD, (const char *path, off64_t size), (path, size))
ON_PATH(META, utime, AT_FDCWD, (const char *path, const struct utimbuf *times), (path, times))
ON_PATH(META, utimes, AT_FDCWD, (const char *path, const struct timeval times[2]), (path, times))
ON_PATH(META, utimensat, at_fd, (int at_fd, const char *path, const struct timespec times[2], int flags),
        (at_fd, path, times, flags))
ON_PATH(META, chmod, AT_FDCWD, (const char *path, mode_t mode), (path, mode))
ON_PATH(STAT, access, AT_FDCWD, (const char *path, int may), (path, may))
ON_PATH(STAT, stat, AT_FDCWD, (const char *path, struct stat *told), (path, told))
ON_PATH(STAT, stat64, AT_FDCWD, (const char *path, struct stat64 *told), (path, told))
ON_PATH(STAT, lstat, AT_FDCWD, (const char *path, struct stat *told), (path, told))
ON_PATH(STAT, lstat64, AT_FDCWD, (const char *path, struct stat64 *told), (path, told))
ON_PATH(STAT, fstatat, at_fd, (int at_fd, const char *path, struct stat *told, int flags), (at_fd, path, told, flags))
ON_PATH(STAT, fstatat64, at_fd, (int at_fd, const char *path, struct stat64 *told, int flags),
        (at_fd, path, told, flags))
ON_PATH(STAT, statx, at_fd, (int at_fd, const char *path, int flags, unsigned mask, struct statx *told),
        (at_fd, path, flags, mask, told))
ON_PATH(STAT, __xstat, AT_FDCWD, (int version, const char *path, struct stat *told), (version, path, told))
ON_PATH(STAT, __xstat64, AT_FDCWD, (int version, const char *path, struct stat64 *told), (version, path, told))
ON_PATH(STAT, __lxstat, AT_FDCWD, (int version, const char *path, struct stat *told), (version, path, told))
ON_PATH(STAT, __lxstat64, AT_FDCWD, (int version, const char *path, struct stat64 *told), (version, path, told))

/* A second name counts where it lies in a counted folder. */
#define ON_NAMES(name, dirfd, head, call) \
    EXPORT int name head { \
        REAL(name); \
        char full[LONGEST]; \
        if (within(dirfd, path, full)) GUARD(NAME, full, -1, real call); \
        return real call; \
    }
ON_NAMES(rename, AT_FDCWD, (const char *old, const char *path), (old, path))
ON_NAMES(renameat, at_fd, (int old_fd, const char *old, int at_fd, const char *path), (old_fd, old, at_fd, path))
ON_NAMES(renameat2, at_fd, (int old_fd, const char *old, int at_fd, const char *path, unsigned flags),
         (old_fd, old, at_fd, path, flags))
ON_NAMES(link, AT_FDCWD, (const char *old, const char *path), (old, path))
ON_NAMES(linkat, at_fd, (int old_fd, const char *old, int at_fd, const char *path, int flags),
         (old_fd, old, at_fd, path, flags))
ON_NAMES(symlink, AT_FDCWD, (const char *old, const char *path), (old, path))
ON_NAMES(symlinkat, at_fd, (const char *old, int at_fd, const char *path), (old, at_fd, path))
