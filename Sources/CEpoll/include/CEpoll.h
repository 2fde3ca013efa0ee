// The only door to the kernel and libc. Every call here is one system call or one libc function with
// what Swift cannot express taken away: variadic parameters, errno, packed structures, sockaddr casts.
//
// Convention: a call that can fail returns the negated errno (so -EAGAIN, never -1), and a call that
// a signal can interrupt is repeated here, so nobody above ever sees EINTR.
#ifndef CEPOLL_H
#define CEPOLL_H

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/types.h>

// Readiness -----------------------------------------------------------------------------------------

typedef struct {
  uint32_t events;
  uint64_t token;
} cepoll_event;

enum { CEPOLL_EVENTS_MAX = 128 };

int cepoll_create(void);
int cepoll_add(int epoll, int fd, uint32_t events, uint64_t token);
int cepoll_modify(int epoll, int fd, uint32_t events, uint64_t token);
int cepoll_remove(int epoll, int fd);
/// Waits at most `timeout` milliseconds (-1: for ever); returns the count of `events` filled in.
int cepoll_wait(int epoll, cepoll_event *events, int capacity, int timeout);
/// A descriptor that is readable from the time on that is set, on the clock of `cepoll_monotonic_nanoseconds`; 0 for
/// never.
int cepoll_alarm(void);
int cepoll_set_alarm(int fd, int64_t nanoseconds);

// Addresses and sockets -----------------------------------------------------------------------------

/// An IPv4 or IPv6 endpoint. `host` is in network order; IPv4 uses its first four bytes.
typedef struct {
  uint8_t family;  // 4 or 6
  uint8_t host[16];
  uint16_t port;
  uint32_t scope;
  int passed;  // the descriptor of a socket that listens there, with which the process was started; 0 for none
} cepoll_address;

/// Reads a numeric address, with an interface's name or number for IPv6 (`fe80::1%eth0`). 0, -EINVAL, or -ENODEV
/// when only the interface is wrong. An IPv4 address in an IPv6 one, here and below, becomes IPv4.
int cepoll_address_parse(const char *text, cepoll_address *address);
/// Writes the address without port or brackets; `capacity` of 64 always suffices.
int cepoll_address_format(const cepoll_address *address, char *text, size_t capacity);
/// Takes what a resolver returned. 0, or -EAFNOSUPPORT.
int cepoll_address_from(const void *sockaddr, cepoll_address *address);

/// Which file a path leads to: numbers are given anew on each file system.
typedef struct {
  uint64_t device;
  uint64_t number;
} cepoll_file;

enum cepoll_option {
  CEPOLL_NODELAY,
  CEPOLL_REUSEADDR,
  CEPOLL_V6ONLY,
  CEPOLL_NOTSENT_LOWAT,
  CEPOLL_USER_TIMEOUT,  // milliseconds
  CEPOLL_KEEPALIVE,
  CEPOLL_KEEPALIVE_IDLE,      // seconds, as the next
  CEPOLL_KEEPALIVE_INTERVAL,
  CEPOLL_KEEPALIVE_PROBES,
};

/// A non-blocking stream socket, closed on exec: TCP for 4 and 6, a Unix socket for 0.
int cepoll_socket(int family);
int cepoll_set_option(int fd, enum cepoll_option option, int value);
int cepoll_bind(int fd, const cepoll_address *address);
int cepoll_listen(int fd, int backlog);
int cepoll_accept(int fd, cepoll_address *peer);
int cepoll_connect(int fd, const cepoll_address *address);
int cepoll_connect_path(int fd, const char *path);
/// Binds and listens on a Unix socket file, in the place of one that nobody listens on any more. `file` is then
/// for cepoll_remove_path. -EADDRINUSE when somebody listens there, -EEXIST when it is another kind of file. With
/// `is_private` the file has mode 0600.
int cepoll_listen_on_path(int fd, const char *path, int is_private, int backlog, cepoll_file *file);
/// Removes the socket file that cepoll_listen_on_path made, after its descriptor was closed, unless another has
/// taken its place.
void cepoll_remove_path(const char *path, cepoll_file file);
int cepoll_local_address(int fd, cepoll_address *address);
int cepoll_socket_error(int fd);  // takes SO_ERROR; 0 when there is none
ssize_t cepoll_receive(int fd, void *bytes, size_t capacity);
ssize_t cepoll_send(int fd, const void *bytes, size_t count);
int cepoll_shutdown_write(int fd);
/// A socket of sock_diag(7), or -1 in the place of its descriptor where there is none to be had now.
typedef struct {
  int fd;
  uint32_t question_count;
} cepoll_diagnosis;
cepoll_diagnosis cepoll_begin_diagnosis(void);
/// Whether the peer of a connection is a socket of this machine that no process has open any more. A peer
/// elsewhere, or a kernel without sock_diag(7), gives 0. `diagnosis` is what the kernel is asked through, and stays open for
/// the next question; null for this one alone.
int cepoll_peer_is_closed(int fd, cepoll_diagnosis *diagnosis);
void cepoll_end_diagnosis(cepoll_diagnosis *diagnosis);
/// Whether somebody on this machine listens on an address: 1 or 0, or -1 for a kernel that does not tell.
int cepoll_is_listened_on(const cepoll_address *address);
/// What a connection's peer has done below the programs; a Unix socket has the first field alone, the others are 0.
typedef struct {
  int unacknowledged;     // bytes in the kernel that it has not acknowledged
  uint64_t acknowledged;  // bytes that it has, in all; 0 before Linux 4.1
  int is_holding_off;     // its window is closed and it answers the probes of it
} cepoll_transport_state;
cepoll_transport_state cepoll_transport_state_of(int fd);
/// Whether a close is a reset (SO_LINGER 0), as for a peer that must notice a loss; also that of a program that is killed.
int cepoll_abort_on_close(int fd, int aborts);
int cepoll_close(int fd);
/// Counts a directory's files whose names are as `openssl rehash` makes them, up to `limit`; or a negated errno.
int cepoll_hashed_certificates(const char *directory, int limit);

// Sockets that the process was started with ---------------------------------------------------------

enum { CEPOLL_PATH_MAX = 112 };

/// Takes what LISTEN_PID and LISTEN_FDS pass (sd_listen_fds(3)). The count, or a negated errno when one is not a stream
/// socket that listens.
int cepoll_take_passed(void);
/// Whether LISTEN_FDNAMES has this name for one of them, or no name is asked for, and where it listens. `path` has
/// CEPOLL_PATH_MAX bytes; it is a Unix socket's, an abstract one with `@` in front, or empty.
int cepoll_passed(int index, const char *name, cepoll_address *address, char *path);
/// Whether one was passed with this name, or with any for null.
int cepoll_is_passed(const char *name);
/// Another descriptor of the same.
int cepoll_duplicate(int fd);

// Signals, time, process ----------------------------------------------------------------------------

/// Opens /dev/null for each of descriptors 0 to 2 that is closed, lest a socket takes its number and with it
/// the log. Ignores SIGPIPE, so that a reader who has gone does not end the program.
void cepoll_prepare_standard_streams(void);

/// Blocks SIGTERM, SIGINT, SIGHUP and SIGUSR1 and returns a descriptor that reports them by their numbers.
int cepoll_signals(void);
/// Undoes that and cepoll_child_signal, for a child.
void cepoll_unblock_signals(void);
int cepoll_read_signal(int fd);  // the signal's number, or -EAGAIN
/// Whether standard error is a terminal, and whoever started the program does not want it to outlive that: nohup(1)
/// has SIGHUP ignored.
int cepoll_ends_with_terminal(void);

int64_t cepoll_monotonic_nanoseconds(void);
/// The last time that was written, to the second: of a busy log most lines have the one before's. Zeros at first.
struct cepoll_date {
  int64_t second;
  int is_utc;
  char text[24];
};
/// Local time as 2026-11-22 17:44:06.673382, or UTC as 2026-11-22T17:44:06.673382Z; `text` has room for 32.
void cepoll_format_time(struct cepoll_date *date, char *text, int is_utc);
int cepoll_process_id(void);
/// The effective one.
uint32_t cepoll_user_id(void);
ssize_t cepoll_write(int fd, const void *bytes, size_t count);
/// Writes all, and waits for a descriptor that does not block. 0, or a negated errno.
int cepoll_write_whole(int fd, const void *bytes, size_t count);
/// Whether a pipe has room for 4,096 bytes now, or a terminal for one.
int cepoll_is_writable(int fd);
const char *cepoll_error_text(int error);
const char *cepoll_environment(const char *name);
/// The name of the next variable from place `index` on that begins with `prefix`, up to 63 octets; null behind the last.
/// It is good until the next call.
const char *cepoll_environment_name(int *index, const char *prefix);
/// Overwrites each value that the environment has for a name, in place, with zeros.
void cepoll_wipe_environment(const char *name);
/// Whether free() overwrites what it gives back, in a program that is linked with --wrap=free.
void cepoll_wipe_freed_memory(int wipes);
int cepoll_wipes_freed_memory(void);
void cepoll_forgo_core_dump(void);
/// Undoes it, for a child.
void cepoll_regain_core_dump(void);
/// "Linux 6.1.0 x86_64", fit for a comment.
void cepoll_system_name(char *text, size_t capacity);
/// Replaces what could end a comment of a header field, or the field (RFC 9110 §5.6.5).
void cepoll_make_comment(char *text);
/// Whether the kernel has random numbers.
int cepoll_has_randomness(void);
/// Whether the processor has instructions for AES, as far as can be known.
int cepoll_has_aes(void);
_Noreturn void cepoll_exit(int status);
/// Bytes that are resident, 0 when the system does not tell; processor time of the process, and the time since 1970, in
/// nanoseconds.
int64_t cepoll_resident_bytes(void);
int64_t cepoll_processor_nanoseconds(void);
int64_t cepoll_wall_nanoseconds(void);
/// Gives back to the system what is free in the heap, and the pages of the program and its libraries that were
/// read so far. What is still needed of them comes back from the page cache as it is used.
void cepoll_give_back_memory(void);
/// Ends the program with status 1 and a line on standard error. Open connections are reset.
_Noreturn void cepoll_out_of_memory(void);
/// malloc(3) for those who cannot do without: it ends the program instead of failing.
void *cepoll_allocate(size_t size);
/// Maps `size` bytes of memory, whole pages, twice, one mapping behind the other; null when the system refuses that.
void *cepoll_map_twice(size_t size);
/// Gives that back, or what cepoll_allocate gave when `is_mapped` is 0.
void cepoll_free_ring(void *memory, size_t size, int is_mapped);

/// How long a service manager waits for WATCHDOG=1 (sd_watchdog_enabled(3)), in milliseconds; 0 when it does not.
int64_t cepoll_watchdog_period(void);
/// A socket for cepoll_notify.
int cepoll_notify_socket(void);
/// Sends one message to a service manager's socket (sd_notify(3)), which `name` leads to: an absolute path, or `@` and
/// an abstract name. Waits for nobody. -EAFNOSUPPORT for another kind of name, -ENAMETOOLONG above 107 bytes.
int cepoll_notify(int fd, const char *name, const void *bytes, size_t count);

// Children ------------------------------------------------------------------------------------------

enum {
  CEPOLL_CHILD_INPUT_MAX = 4096,  // what every empty pipe takes at once
};

/// A program to start. Its words and variables stand one after another, each with a zero behind it.
typedef struct {
  const char *words;  // the first is looked for in PATH, unless it has a slash
  int word_count;
  const char *variables;  // NAME=value
  int variable_count;     // -1: this process's, without what a service manager has said to it alone
  enum { CEPOLL_INPUT_INHERITED, CEPOLL_INPUT_NOTHING, CEPOLL_INPUT_OCTETS } input;
  const void *octets;
  size_t octet_count;
  int is_apart;          // in a session of its own
  int ends_with_parent;  // SIGTERM when this process ends, however it does
} cepoll_command;

/// How a child has ended: a signal's number, or an exit status, which is -1 when somebody else has taken it.
typedef struct {
  int is_signal;
  int number;
} cepoll_end;

/// Blocks SIGCHLD and returns a descriptor for cepoll_read_signal that reports it.
int cepoll_child_signal(void);
/// Starts a program, which inherits descriptors 0 to 2 alone. Returns its process, or why it could not be started.
int cepoll_spawn(const cepoll_command *command);
/// Whether a child has ended; then it is forgotten.
int cepoll_reap(int process, cepoll_end *end);
int cepoll_kill(int process, int number);
/// When a process was started, in ticks since the system was, which tells it from a later one of the same number; a
/// negated errno when there is none.
int64_t cepoll_start_time(int process);
/// Whether a program can be started: a path with a slash, or a name in PATH. 0, or a negated errno.
int cepoll_find_program(const char *name);

// Commands ------------------------------------------------------------------------------------------

/// Opens a pipe, or the terminal that controls this process, once more, to be read without blocking; -ENOTTY for
/// anything else. From then on it is no stop (SIGTTIN) to read the terminal in the background.
int cepoll_open_input(int fd);
/// What is there; 0 at the end; -EAGAIN when nothing is there, -EBUSY while another job has the terminal.
ssize_t cepoll_read_input(int fd, void *bytes, size_t capacity);
/// Opens a named pipe to be read without blocking, also when nobody writes to it; or, without a path, standard input, which
/// is a pipe or a terminal, as cepoll_open_input does. Where this user may not open that once more, the descriptor itself
/// becomes one that does not block.
int cepoll_open_lines(const char *path);

// Standard input, output and error ------------------------------------------------------------------

enum {
  CEPOLL_WRITE_PATIENCE = 20,  // milliseconds that a write may take where nothing better is to be had
};

/// What one of descriptors 0 to 2 leads to, and how bytes get there, or come from there, without anybody being waited for.
typedef struct {
  int fd;
  enum {
    CEPOLL_PLAIN,     // a file or a device: it takes and gives bytes at once, or fails
    CEPOLL_SOCKET,    // each call says that it does not wait
    CEPOLL_OWN,       // a terminal or a pipe, opened once more, without blocking
    CEPOLL_BORROWED,  // one that this user may not open: writes to it are interrupted
  } way;
} cepoll_standard;

/// Waits until a descriptor may take something, so many milliseconds at the most.
void cepoll_wait_writable(int fd, int milliseconds);
/// Whether a descriptor leads to a terminal that shows colours, and nobody has anything against them (NO_COLOR).
int cepoll_has_colors(int fd);
/// Whether a descriptor leads to systemd's journal: what JOURNAL_STREAM names (systemd.exec(5)).
int cepoll_is_journal(int fd);
/// Finds out what a descriptor is, to be written to.
cepoll_standard cepoll_standard_error(int fd);
void cepoll_standard_close(cepoll_standard standard);
/// Takes what standard input or output leads to, with a descriptor that is the caller's to close; the number leads to
/// /dev/null from then on. 0, or a negated errno.
int cepoll_take_standard(int fd, int is_input, cepoll_standard *standard);
/// Whether nobody is at the other end of a pipe, a socket or a terminal any more.
int cepoll_standard_is_closed(cepoll_standard standard);
/// Writes as much as is taken now; returns its count, or a negated errno.
ssize_t cepoll_standard_write(cepoll_standard standard, const void *bytes, size_t count);
/// What is there; 0 at the end; -EAGAIN when nothing is there.
ssize_t cepoll_standard_read(cepoll_standard standard, void *bytes, size_t capacity);

// Files ---------------------------------------------------------------------------------------------

int cepoll_make_directory(const char *path, unsigned mode);  // 0 also when it is there already
/// Waits until no other process has the directory locked; returns a descriptor that keeps it locked until it is closed, or a
/// negated errno where there are no locks.
int cepoll_lock_directory(const char *path);
int cepoll_exists(const char *path);
/// 0 where there is a directory that can be reached, else a negated errno.
int cepoll_find_directory(const char *path);
/// 0 where there is a named pipe that may be read, which is not opened; else a negated errno.
int cepoll_find_pipe(const char *path);
/// Whether there is a regular file with something in it.
int cepoll_is_written(const char *path);
/// Whether there is something else than a Unix domain socket; a link counts as such.
int cepoll_is_no_socket(const char *path);
/// The absolute form of an existing path, in memory for free(); or null.
char *cepoll_absolute_path(const char *path);

// Command line --------------------------------------------------------------------------------------

enum {
  CEPOLL_OPTIONS_MAX = 64,
  CEPOLL_OPTIONS_END = -1,
  CEPOLL_OPTION_UNKNOWN = -2,
  CEPOLL_OPTION_ARGUMENT_MISSING = -3,
  CEPOLL_OPTION_OPERAND = -4,
  CEPOLL_OPTION_COMMAND = -5,
};

/// Whether the command line has this long option with this value, whatever else is wrong with it.
int cepoll_is_asked_for(const char *option, const char *value);
/// Adds an option to those that cepoll_next_option knows. `code` is its short letter, or a number above
/// 255 for an option without one. 0, or -ENOSPC after CEPOLL_OPTIONS_MAX of them.
int cepoll_declare_option(const char *name, int takes_argument, int code);
/// One step of getopt_long(3). Returns an option's code, or one of the codes above; `argument` is then the option's
/// argument, or the text at fault. After `CEPOLL_OPTION_COMMAND` there are words behind `--`, if any, and no options.
int cepoll_next_option(const char **argument);
/// The next of those words; null when there is none.
const char *cepoll_next_word(void);
/// Overwrites an argument in place, so that `ps` no longer shows it.
void cepoll_hide_argument(char *argument);

// Whole files ---------------------------------------------------------------------------------------

/// Errors of the calls below besides those of errno; cepoll_error_text has words for them.
enum {
  CEPOLL_NO_PEER = 4096,  // a pipe that no process has open at its other end
  CEPOLL_NO_FILE = 4097,  // neither a regular file nor a pipe nor a character device
  CEPOLL_LINK = 4098,     // a symbolic link, which is not followed
  CEPOLL_FOREIGN = 4099,  // another user's
  CEPOLL_EXPOSED = 4100,  // a directory in which everybody may exchange what is there
  CEPOLL_NO_PIPE = 4101,  // no named pipe
  CEPOLL_DANGLING = 4102, // a symbolic link that leads nowhere
};

/// Reads at most `capacity` bytes of a file, or of standard input when `path` is null, and with
/// `first_line_only` nothing behind its first line, unless it is a regular file. `mode` is the file's, 0 for what is
/// no regular file. A pipe's writer is waited for when there is one. Returns the count.
ssize_t cepoll_read_file(
  const char *path, void *bytes, size_t capacity, int first_line_only, unsigned *mode
);
/// Makes a file, or replaces what is in it. A pipe without a reader is not waited for.
int cepoll_write_file(const char *path, const void *bytes, size_t count);

/// Makes a file of this mode in the place of what is at `path`: another name first, and then the change of names. So
/// there is never a part of a file, and a link is replaced, not followed.
int cepoll_replace_file(const char *path, unsigned mode, const void *bytes, size_t count);
int cepoll_remove_file(const char *path);
/// Takes the permissions `forbidden` from a regular file of this user. The mode that it had, or a negated errno.
int cepoll_restrict_file(const char *path, unsigned forbidden);
/// Whether a directory is fit for private files: no link, this user's or root's, and nobody else's to write in. 0, or a
/// negated errno.
int cepoll_check_directory(const char *path);

enum cepoll_entry { CEPOLL_ENTRY_NONE, CEPOLL_ENTRY_FILE, CEPOLL_ENTRY_DIRECTORY };

/// Opens a directory to be read with cepoll_next_entry; null with a negated errno in `error`.
void *cepoll_open_directory(const char *path, int *error);
/// The next regular file or directory, in no order. `name` is good until the next call.
enum cepoll_entry cepoll_next_entry(void *directory, const char **name);
void cepoll_close_directory(void *directory);

#endif
