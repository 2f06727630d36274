// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1 of the guests that uml-run and qemu-run boot: mounts what a program
 * expects, runs one, carries its input and output, says how it ended, and powers
 * off.
 *
 * They leave their wishes in RUN_DIR, and listen to lines. UML's are /dev/ttyS0
 * to 3; QEMU's are ports of a virtio serial device, as the first argument says:
 *
 *	0	standard input, see below; under UML the program's terminal, both
 *		ways, if it is to have one, which under QEMU is /dev/hvc0
 *	1	its standard output
 *	2	its standard error
 *	3	"ready" once the others are listened to, then the verdict:
 *		"exit N", "signal N", "timeout" or "stuck", and "taint N".
 *		Nobody else has it open, so no noise can pass for it.
 *
 * RUN_DIR/args is a list of strings that end in NUL: options as key=value, "--",
 * the program and its arguments. RUN_DIR/env is its environment likewise.
 *
 * QEMU's line 0 is read until it ends. UML's would not do: once it was throttled,
 * UML reads it when it is unthrottled and never else, so what comes later stays
 * outside. There, input comes in pieces, the files RUN_DIR/in.0, in.1 and so on,
 * an empty one is the end, and each that was read is answered by a byte.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define RUN_DIR		"/run/guest"
#define MAX_STRINGS	8192
#define MAX_DIRS	64
#define MAX_MODULES	8
#define GRACE_MS	2000	/* for killed processes to be gone */
#define MAX_PIECE	65536	/* as in uml-run */
#define POLL_MS		10	/* hostfs does not say when a file appears */
#define KMEMLEAK	"/sys/kernel/debug/kmemleak"
#define KMEMLEAK_AGE_MS	5000	/* it does not look at anything younger */

static struct {
	int timeout;		/* seconds */
	int uid, gid;
	bool tty;
	bool leaks;
	const char *cwd;
	const char *write[MAX_DIRS];
	int nwrite;
	const char *module[MAX_MODULES];
	int nmodules;
	char **argv;
	char **envp;
} opt;

static bool in_qemu;
static int verdict_fd = -1;
static int run_dir = -1;	/* RUN_DIR, which the guest's own /run hides */

static void power_off(void)
{
	sync();
	/* Not every kernel can switch QEMU off, but all can reset it: that ends it. */
	reboot(in_qemu ? RB_AUTOBOOT : RB_POWER_OFF);
	for (;;)
		pause();
}

/* What we cannot do without failed: say so where uml-run looks, and end. */
static void fail(const char *fmt, ...)
{
	int fd = verdict_fd >= 0 ? verdict_fd : STDERR_FILENO;
	va_list ap;

	dprintf(fd, "error ");
	va_start(ap, fmt);
	vdprintf(fd, fmt, ap);
	va_end(ap);
	dprintf(fd, "%s%s\n", errno ? ": " : "", errno ? strerror(errno) : "");
	tcdrain(fd);
	power_off();
}

/* The NUL-terminated strings of a file, as a NULL-terminated array. */
static char **read_strings(const char *path)
{
	char **strings = calloc(MAX_STRINGS + 1, sizeof(*strings));
	FILE *file = fopen(path, "re");
	size_t room = 0;
	int i;

	if (!strings || !file)
		fail("%s", path);
	for (i = 0; i < MAX_STRINGS; i++) {
		if (getdelim(&strings[i], &room, '\0', file) < 0)
			break;
		room = 0;
	}
	strings[i] = NULL;
	fclose(file);
	return strings;
}

static void read_options(void)
{
	char **arg = read_strings(RUN_DIR "/args");

	opt.envp = read_strings(RUN_DIR "/env");
	for (; *arg && strcmp(*arg, "--"); arg++) {
		char *value = strchr(*arg, '=');

		if (!value)
			fail("option %s", *arg);
		*value++ = '\0';
		if (!strcmp(*arg, "timeout"))
			opt.timeout = atoi(value);
		else if (!strcmp(*arg, "uid"))
			opt.uid = atoi(value);
		else if (!strcmp(*arg, "gid"))
			opt.gid = atoi(value);
		else if (!strcmp(*arg, "tty"))
			opt.tty = atoi(value);
		else if (!strcmp(*arg, "leaks"))
			opt.leaks = atoi(value);
		else if (!strcmp(*arg, "cwd"))
			opt.cwd = value;
		else if (!strcmp(*arg, "write") && opt.nwrite < MAX_DIRS)
			opt.write[opt.nwrite++] = value;
		else if (!strcmp(*arg, "module") && opt.nmodules < MAX_MODULES)
			opt.module[opt.nmodules++] = value;
		else
			fail("option %s", *arg);
	}
	if (!*arg || !arg[1])
		fail("no program");
	opt.argv = arg + 1;
}

static void mount_at(const char *type, const char *dir, const char *data)
{
	if (mount(type, dir, type, 0, data))
		fail("mount %s on %s", type, dir);
}

static void make_dirs(const char *path)
{
	char copy[4096];
	char *slash;

	snprintf(copy, sizeof(copy), "%s", path);
	for (slash = copy + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(copy, 0755);
		*slash = '/';
	}
	mkdir(copy, 0755);
}

/* Show @dir, which was open as @fd before something was mounted over it. */
static void mount_again(int fd, const char *dir)
{
	char from[64];

	make_dirs(dir);
	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	if (mount(from, dir, NULL, MS_BIND, NULL))
		fail("mount %s again", dir);
}

static void mount_all(void)
{
	int cwd = open(opt.cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat before, after;
	int i;

	if (cwd < 0 || fstat(cwd, &before))
		fail("%s", opt.cwd);
	/*
	 * A set-user-ID program becomes the owner of its file on the host, who
	 * may be nobody in particular there: take it as any other program.
	 */
	if (mount("none", "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID,
		  NULL))
		fail("mount / again");
	mount_at("sysfs", "/sys", NULL);
	mount_at("tracefs", "/sys/kernel/tracing", NULL);
	mount_at("debugfs", "/sys/kernel/debug", NULL);
	mkdir("/dev/pts", 0755);
	mkdir("/dev/shm", 01777);
	mount_at("devpts", "/dev/pts", NULL);
	mount_at("tmpfs", "/dev/shm", "mode=1777");
	mount_at("tmpfs", "/tmp", "mode=1777");
	mount_at("tmpfs", "/run", "mode=0755");
	if (symlink("/proc/self/fd", "/dev/fd") ||
	    symlink("/proc/self/fd/0", "/dev/stdin") ||
	    symlink("/proc/self/fd/1", "/dev/stdout") ||
	    symlink("/proc/self/fd/2", "/dev/stderr"))
		fail("links in /dev");
	chmod("/dev/ptmx", 0666);

	/* /tmp and /run of the host are hidden; the caller may be there. */
	if (stat(opt.cwd, &after) || before.st_dev != after.st_dev ||
	    before.st_ino != after.st_ino)
		mount_again(cwd, opt.cwd);
	close(cwd);
	for (i = 0; i < opt.nwrite; i++) {
		make_dirs(opt.write[i]);
		if (mount("none", opt.write[i], "hostfs", 0, opt.write[i]))
			fail("mount %s", opt.write[i]);
	}
	if (chdir(opt.cwd))
		fail("%s", opt.cwd);
}

static void make_raw(int fd, const char *path)
{
	struct termios tio;

	if (tcgetattr(fd, &tio))
		fail("%s", path);
	cfmakeraw(&tio);
	if (tcsetattr(fd, TCSANOW, &tio))
		fail("%s", path);
}

static int open_line(int n)
{
	const char *format = in_qemu ? "/dev/vport0p%d" : "/dev/ttyS%d";
	char path[32];
	int fd;

	/* Port 0 of QEMU's is taken by the terminal. */
	snprintf(path, sizeof(path), format, in_qemu ? n + 1 : n);
	fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		fail("%s", path);
	if (!in_qemu)
		make_raw(fd, path);
	return fd;
}

/* The terminal that the program is to have. */
static int open_terminal(void)
{
	const char *path = in_qemu ? "/dev/hvc0" : "/dev/ttyS0";
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		fail("%s", path);
	return fd;
}

static void make_pipe(int fd[2])
{
	if (pipe2(fd, O_CLOEXEC))
		fail("pipe");
}

static void write_all(int fd, const char *bytes, ssize_t len)
{
	ssize_t n;

	for (; len > 0; bytes += n, len -= n) {
		n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return;
	}
}

/* Wait for the piece with this number, and read it; 0 bytes are the end. */
static ssize_t read_piece(int number, char *bytes)
{
	char name[16];
	ssize_t len;
	int fd;

	snprintf(name, sizeof(name), "in.%d", number);
	while ((fd = openat(run_dir, name, O_RDONLY | O_CLOEXEC)) < 0) {
		if (errno != ENOENT)
			fail("%s", name);
		usleep(POLL_MS * 1000);
	}
	len = read(fd, bytes, MAX_PIECE);
	if (len < 0)
		fail("%s", name);
	close(fd);
	return len;
}

/* Carry standard input to a pipe; ends when it does, or its reader. */
static void feed_input(int line, int out)
{
	static char bytes[MAX_PIECE];
	ssize_t len;
	int i;

	for (i = 0;; i++) {
		len = in_qemu ? read(line, bytes, sizeof(bytes)) :
				read_piece(i, bytes);
		if (len <= 0)
			break;
		if (!in_qemu)
			write_all(line, ".", 1);
		write_all(out, bytes, len);
	}
	_exit(0);
}

static void become_program(int in, int out, int err)
{
	gid_t gid = opt.gid;
	sigset_t none;

	setsid();
	if (opt.tty)
		ioctl(in, TIOCSCTTY, 0);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(126);
	if ((opt.gid && (setgroups(1, &gid) || setgid(gid))) ||
	    (opt.uid && setuid(opt.uid))) {
		dprintf(2, "guest: cannot become user %d: %s\n", opt.uid,
			strerror(errno));
		_exit(126);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	environ = opt.envp;
	execvp(opt.argv[0], opt.argv);
	dprintf(2, "guest: %s: %s\n", opt.argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static pid_t fork_or_fail(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	return pid;
}

/* What the program says goes out as it comes. */
static bool forward(int from, int to)
{
	char bytes[4096];
	ssize_t n = read(from, bytes, sizeof(bytes));

	write_all(to, bytes, n);
	return n > 0;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Reap all who died. True once @pid did, with its @status. */
static bool reap(pid_t pid, int *status)
{
	bool found = false;
	int any;
	pid_t dead;

	while ((dead = waitpid(-1, &any, WNOHANG)) > 0) {
		if (dead == pid) {
			*status = any;
			found = true;
		}
	}
	return found;
}

/* Carry output until the program ends or time is up; true if it ended. */
static bool attend(pid_t pid, int signals, const int from[2], const int to[2],
		   int *status)
{
	struct pollfd fds[3] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = from[0], .events = POLLIN },
		{ .fd = from[1], .events = POLLIN },
	};
	long deadline = now_ms() + opt.timeout * 1000L;
	struct signalfd_siginfo info;
	bool ended = false;
	long left;
	int i;

	while (!ended) {
		left = deadline - now_ms();
		if (opt.timeout && left <= 0)
			break;
		if (poll(fds, 3, opt.timeout ? left : -1) < 0)
			fail("poll");
		for (i = 1; i < 3; i++) {
			if (fds[i].revents && !forward(fds[i].fd, to[i - 1]))
				fds[i].fd = -1;
		}
		if (fds[0].revents &&
		    read(signals, &info, sizeof(info)) == sizeof(info))
			ended = reap(pid, status);
	}
	return ended;
}

/* Output that is still in the pipes, without waiting for more. */
static void forward_rest(int from, int to)
{
	if (from < 0)
		return;
	fcntl(from, F_SETFL, O_NONBLOCK);
	while (forward(from, to))
		;
	tcdrain(to);
}

/* Kill everybody else; true once no child is left, and all orphans are ours. */
static bool kill_all(void)
{
	long deadline = now_ms() + GRACE_MS;
	pid_t dead;

	do {
		kill(-1, SIGKILL);
		while ((dead = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (dead < 0)
			return true;
		usleep(1000);
	} while (now_ms() < deadline);
	return false;
}

/* Have the kernel log the stacks of tasks that sleep uninterruptibly. */
static void show_blocked(void)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		write_all(fd, "w", 1);
		close(fd);
	}
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail("%s", path);
	close(fd);
}

/*
 * Have the kernel look for memory that nothing points to any more. It takes
 * two looks: what changed since the last one is spared. What it finds it says
 * in its log, by number only; the rest follows from here.
 */
static void find_leaks(void)
{
	char line[512];
	FILE *found;

	usleep((KMEMLEAK_AGE_MS + 100) * 1000);
	write_file(KMEMLEAK, "scan");
	write_file(KMEMLEAK, "scan");
	found = fopen(KMEMLEAK, "re");
	if (!found)
		fail(KMEMLEAK);
	while (fgets(line, sizeof(line), found))
		write_file("/dev/kmsg", line);
	fclose(found);
}

static int read_taint(void)
{
	FILE *file = fopen("/proc/sys/kernel/tainted", "re");
	int taint = -1;

	if (!file || fscanf(file, "%d", &taint) != 1)
		fail("/proc/sys/kernel/tainted");
	fclose(file);
	return taint;
}

static void run_with_pipes(pid_t *pid, int from[2], int to[2])
{
	int in[2], out[2], err[2];
	int line;

	make_pipe(in);
	make_pipe(out);
	make_pipe(err);
	line = open_line(0);
	to[0] = open_line(1);
	to[1] = open_line(2);
	*pid = fork_or_fail();
	if (!*pid)
		become_program(in[0], out[1], err[1]);
	if (!fork_or_fail()) {
		close(in[0]);
		feed_input(line, in[1]);
	}
	close(in[0]);
	close(in[1]);
	close(out[1]);
	close(err[1]);
	from[0] = out[0];
	from[1] = err[0];
}

static void run_with_terminal(pid_t *pid, int from[2], int to[2])
{
	int line = open_terminal();

	from[0] = -1;
	from[1] = -1;
	to[0] = -1;
	to[1] = -1;
	*pid = fork_or_fail();
	if (!*pid)
		become_program(line, line, line);
}

/*
 * Load a module with what it needs, if it is one here; says whether that is so.
 * Its parameters are in the kernel's command line.
 */
static bool load_module(const char *name)
{
	int status;
	pid_t pid = fork_or_fail();

	if (!pid) {
		execl("/sbin/modprobe", "modprobe", "-q", name, NULL);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid && !status;
}

/* The ports appear, and can be opened, a moment after their driver is there. */
static void wait_for_port(const char *path)
{
	long deadline = now_ms() + GRACE_MS;
	int fd;

	while ((fd = open(path, O_RDWR)) < 0 && now_ms() < deadline)
		usleep(POLL_MS * 1000);
	close(fd);
}

static bool is_connected(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };

	return poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLOUT);
}

/*
 * Where the verdict goes must be open before anything else can go wrong. Of
 * QEMU's ports it is the last: once this one is connected, all are.
 */
static void open_verdict(void)
{
	if (in_qemu) {
		load_module("virtio_pci");
		load_module("virtio_console");
		wait_for_port("/dev/vport0p4");
	}
	verdict_fd = open_line(3);
	while (in_qemu && !is_connected(verdict_fd))
		usleep(POLL_MS * 1000);
}

static void load_modules(void)
{
	int i;

	for (i = 0; i < opt.nmodules; i++) {
		errno = 0;
		if (!load_module(opt.module[i]))
			fail("modprobe %s", opt.module[i]);
	}
}

int main(int argc, char **argv)
{
	const char *trouble = NULL;
	int from[2], to[2];
	int signals, status = 0;
	sigset_t mask;
	pid_t pid;

	in_qemu = argc > 1 && !strcmp(argv[1], "qemu");
	/* proc comes first: a bind mount from a descriptor needs it. */
	mount_at("proc", "/proc", NULL);
	mount_at("devtmpfs", "/dev", NULL);
	open_verdict();
	read_options();
	run_dir = open(RUN_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run_dir < 0)
		fail(RUN_DIR);
	mount_all();
	load_modules();

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	sethostname("guest", strlen("guest"));
	signals = signalfd(-1, &mask, SFD_CLOEXEC);
	if (signals < 0)
		fail("signalfd");

	if (opt.tty)
		run_with_terminal(&pid, from, to);
	else
		run_with_pipes(&pid, from, to);
	dprintf(verdict_fd, "ready\n");

	if (!attend(pid, signals, from, to, &status)) {
		trouble = "timeout";
		show_blocked();
	}
	if (!kill_all()) {
		trouble = "stuck";
		show_blocked();
	}
	forward_rest(from[0], to[0]);
	forward_rest(from[1], to[1]);
	if (opt.leaks && !trouble)
		find_leaks();

	if (trouble)
		dprintf(verdict_fd, "%s", trouble);
	else if (WIFSIGNALED(status))
		dprintf(verdict_fd, "signal %d", WTERMSIG(status));
	else
		dprintf(verdict_fd, "exit %d", WEXITSTATUS(status));
	dprintf(verdict_fd, " taint %d\n", read_taint());
	tcdrain(verdict_fd);
	power_off();
}
