// SPDX-License-Identifier: GPL-2.0
/*
 * Commands for the people and scripts that look after the board.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "board.h"
#include "util.h"

#define PEEK_MAX 1024

int control_open(struct board *b)
{
	struct control *c = &b->control;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	unsigned int i;
	int err;

	for (i = 0; i < CONTROL_CLIENTS; i++)
		c->client[i].fd = -1;
	c->listen_fd = -1;
	if (strlen(c->path) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	strcpy(a.sun_path, c->path);
	c->listen_fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->listen_fd < 0)
		return -errno;
	unlink(c->path);
	if (bind(c->listen_fd, (struct sockaddr *)&a, sizeof(a)) ||
	    listen(c->listen_fd, CONTROL_CLIENTS)) {
		err = -errno;
		close(c->listen_fd);
		c->listen_fd = -1;
		return err;
	}
	return 0;
}

static void drop(struct control_client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->len = 0;
}

void control_close(struct board *b)
{
	struct control *c = &b->control;
	unsigned int i;

	for (i = 0; i < CONTROL_CLIENTS; i++)
		drop(&c->client[i]);
	if (c->listen_fd < 0)
		return;
	close(c->listen_fd);
	c->listen_fd = -1;
	unlink(c->path);
}

void control_accept(struct board *b)
{
	struct control *c = &b->control;
	int fd =
		accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	unsigned int i;

	if (fd < 0)
		return;
	for (i = 0; i < CONTROL_CLIENTS; i++)
		if (c->client[i].fd < 0) {
			c->client[i].fd = fd;
			return;
		}
	close(fd);
}

static json_t *ok(void)
{
	return json_pack("{s:b}", "ok", 1);
}

static json_t *failed(const char *why)
{
	return json_pack("{s:b, s:s}", "ok", 0, "error", why);
}

static json_t *ok_with(const char *key, json_t *value)
{
	return json_pack("{s:b, s:o}", "ok", 1, key, value);
}

static json_t *cmd_stats(struct board *b, char *arg)
{
	if (!strcmp(arg, "reset")) {
		memset(&b->stats, 0, sizeof(b->stats));
		return ok();
	}
	if (*arg)
		return failed("usage: stats [reset]");
	return ok_with("stats", stats_json(b));
}

static json_t *cmd_save(struct board *b, char *arg)
{
	int err = stats_save(b);

	(void)arg;
	if (!b->stats_path)
		return failed("the board was started without --stats");
	return err ? failed(strerror(-err)) : ok();
}

static json_t *cmd_fault(struct board *b, char *arg)
{
	char why[512];

	if (fault_add(b, arg, why, sizeof(why)))
		return failed(why);
	return ok();
}

static json_t *cmd_faults(struct board *b, char *arg)
{
	(void)arg;
	return ok_with("faults", fault_json(b));
}

static json_t *cmd_clear(struct board *b, char *arg)
{
	if (fault_clear(b, arg))
		return failed("usage: clear KIND|all");
	return ok();
}

static json_t *cmd_trace(struct board *b, char *arg)
{
	if (strcmp(arg, "on") && strcmp(arg, "off"))
		return failed("usage: trace on|off");
	b->trace = !strcmp(arg, "on");
	return ok();
}

static json_t *cmd_power(struct board *b, char *arg)
{
	(void)arg;
	return ok_with("power", monitor_json(b));
}

static json_t *cmd_reset(struct board *b, char *arg)
{
	(void)arg;
	board_reset(b, RESET_POWER);
	return ok();
}

static json_t *cmd_quit(struct board *b, char *arg)
{
	(void)arg;
	b->quit = true;
	return ok();
}

/* Memory at addr for len bytes, or NULL. */
static uint8_t *memory_at(struct board *b, uint64_t addr, uint64_t len)
{
	uint64_t avail;
	int64_t offset = memory_offset(b, addr, &avail);

	return offset < 0 || len > avail ? NULL : b->mem.data + offset;
}

static json_t *cmd_peek(struct board *b, char *arg)
{
	char hex[PEEK_MAX * 2 + 1];
	char *end;
	uint64_t addr = strtoull(arg, &end, 0);
	uint64_t len = strtoull(end, &end, 0);
	const uint8_t *p;
	uint64_t i;

	if (*end || !len || len > PEEK_MAX)
		return failed("usage: peek ADDRESS LENGTH");
	p = memory_at(b, addr, len);
	if (!p)
		return failed("there is no memory");
	for (i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", p[i]);
	return ok_with("data", json_string(hex));
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? p - digits : -1;
}

static json_t *cmd_poke(struct board *b, char *arg)
{
	char *hex;
	uint64_t addr = strtoull(arg, &hex, 0);
	uint8_t bytes[CONTROL_LINE / 2];
	size_t len = 0;
	uint8_t *p;

	while (*hex == ' ')
		hex++;
	for (; hex[0] && hex[1]; hex += 2) {
		int hi = hex_digit(hex[0]), lo = hex_digit(hex[1]);

		if (hi < 0 || lo < 0)
			break;
		bytes[len++] = hi << 4 | lo;
	}
	if (*hex || !len)
		return failed("usage: poke ADDRESS HEXDIGITS");
	p = memory_at(b, addr, len);
	if (!p)
		return failed("there is no memory");
	memcpy(p, bytes, len);
	return ok();
}

static json_t *cmd_help(struct board *b, char *arg);

static const struct {
	const char *name;
	json_t *(*fn)(struct board *b, char *arg);
} commands[] = {
	{ "clear", cmd_clear },	  { "fault", cmd_fault },
	{ "faults", cmd_faults }, { "help", cmd_help },
	{ "peek", cmd_peek },	  { "poke", cmd_poke },
	{ "power", cmd_power },	  { "quit", cmd_quit },
	{ "reset", cmd_reset },	  { "save", cmd_save },
	{ "stats", cmd_stats },	  { "trace", cmd_trace },
};

static json_t *cmd_help(struct board *b, char *arg)
{
	json_t *list = json_array();
	unsigned int i;

	(void)b;
	(void)arg;
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		json_array_append_new(list, json_string(commands[i].name));
	return ok_with("commands", list);
}

static json_t *run(struct board *b, char *line)
{
	size_t len = strcspn(line, " ");
	char *arg = line + len;
	unsigned int i;

	while (*arg == ' ')
		*arg++ = 0;
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(line, commands[i].name))
			return commands[i].fn(b, arg);
	return failed("unknown command; try help");
}

/* An answer is small; whoever does not read it loses the connection. */
static void answer(struct control_client *c, json_t *o)
{
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	size_t len;

	json_decref(o);
	if (!text) {
		drop(c);
		return;
	}
	len = strlen(text);
	text[len] = '\n';
	if (send(c->fd, text, len + 1, MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    (ssize_t)(len + 1))
		drop(c);
	free(text);
}

void control_receive(struct board *b, unsigned int i)
{
	struct control_client *c = &b->control.client[i];
	ssize_t n = read(c->fd, c->line + c->len, sizeof(c->line) - c->len);
	char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(c);
		return;
	}
	c->len += n;
	while (c->fd >= 0 && (end = memchr(c->line, '\n', c->len))) {
		size_t used = end - c->line + 1;

		*end = 0;
		answer(c, run(b, c->line));
		if (c->fd < 0)
			return;
		c->len -= used;
		memmove(c->line, c->line + used, c->len);
	}
	if (c->len == sizeof(c->line))
		drop(c);
}
