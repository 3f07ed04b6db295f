// SPDX-License-Identifier: GPL-2.0
/*
 * Programs with a name: who may do what with them, what they outlive and what
 * not, limits, and names that are none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "named_fixture.h"

/*
 * What a function says as another user, by a node that the caller has open and
 * that user may not open.
 */
static int as_user(const char *user, int fd, const char *name,
		   int (*what)(int fd, const char *name))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(become(user) ? 255 : -what(fd, name));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -EPROTO;
	return -WEXITSTATUS(status);
}

static int open_to_write(int fd, const char *name)
{
	int handle = named_open(fd, name, AKIDA_RIGHT_WRITE, NULL);

	return handle > 0 ? 0 : handle;
}

static int widen(int fd, const char *name)
{
	return named_mode(fd, name, 0777, -1, -1);
}

static int replace(int fd, const char *name)
{
	struct akida_ioc_info i = info(fd);
	struct tiny t;
	int handle = tiny_load(fd, &t, i.chip, 9);

	return handle < 0 ? handle :
			    named_give(fd, handle, name, 0, AKIDA_NAME_REPLACE,
				       NULL, 0);
}

static int take_another(int fd, const char *name)
{
	struct akida_ioc_info i = info(fd);
	struct tiny t;
	int handle = tiny_load(fd, &t, i.chip, 9);

	(void)name;
	return handle < 0 ? handle :
			    named_give(fd, handle, "another", 0, 0, NULL, 0);
}

/* Closed by who made it, run by another, with what was left for that one. */
TEST_F(names, outlives_its_file)
{
	static const char note[] = "what others need to know";
	int fd = dev_open(&self->b), handle;
	struct akida_named n, all[2];
	char text[sizeof(note)];
	struct tiny t;

	ASSERT_GE(fd, 0);
	handle = tiny_load(fd, &t, variant->chip, 1);
	ASSERT_GT(handle, 0);
	ASSERT_EQ(0, named_give(fd, handle, "adder", 0, 0, note, sizeof(note)));
	close(fd);
	EXPECT_EQ(1U, info(self->fd).programs);
	handle = named_open(self->fd, "adder", AKIDA_RIGHT_RUN, &n);
	ASSERT_GT(handle, 0);
	EXPECT_EQ(0, named_run(self->fd, handle, &t, 20));

	EXPECT_STREQ("adder", n.name);
	EXPECT_EQ(0600U, n.mode);
	EXPECT_EQ((uint32_t)AKIDA_PROGRAM_SPARSE, n.flags);
	EXPECT_EQ(t.arg.channels, n.channels);
	EXPECT_EQ(t.arg.input_size, n.input_size);
	EXPECT_EQ(t.arg.output_size, n.output_size);
	EXPECT_EQ(t.arg.data_size, n.data_size);
	EXPECT_EQ(t.arg.device_version, n.device_version);
	EXPECT_EQ(sizeof(note), n.note_size);
	ASSERT_EQ((int)sizeof(note),
		  named_note(self->fd, handle, text, sizeof(text)));
	EXPECT_STREQ(note, text);
	/* A part of it, and how long it is. */
	memset(text, 0, sizeof(text));
	EXPECT_EQ((int)sizeof(note), named_note(self->fd, handle, text, 4));
	EXPECT_STREQ("what", text);

	ASSERT_EQ(1, named_list(self->fd, all, 2));
	EXPECT_EQ(n.id, all[0].id);
	EXPECT_EQ(20U, all[0].jobs);
	EXPECT_EQ(1U, all[0].handles);
	EXPECT_LE(n.since, all[0].since);
}

/* The length of an entry is the caller's; what the driver has not is zero. */
TEST_F(names, lists_of_other_lengths)
{
	uint64_t entry[3][32];
	struct akida_ioc_program_list l = {
		.programs = (uintptr_t)entry,
		.size = sizeof(entry[0]),
		.num = 2,
	};

	for (int i = 0; i < 3; i++) {
		char name[8];

		snprintf(name, sizeof(name), "n%d", i);
		ASSERT_EQ(0, leave(&self->b, name, i, 0, 0));
	}
	memset(entry, 0xa5, sizeof(entry));
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_PROGRAM_LIST, &l));
	EXPECT_EQ(3U, l.num);
	EXPECT_STREQ("n0", (char *)entry[0]);
	EXPECT_STREQ("n1", (char *)entry[1]);
	EXPECT_EQ(-1, is_not((char *)entry[1] + sizeof(struct akida_named),
			     sizeof(entry[1]) - sizeof(struct akida_named), 0));
	/* There was no room for the third. */
	EXPECT_EQ(-1, is_not(entry[2], sizeof(entry[2]), 0xa5));
#define BAD(error, field, value)                                            \
	{                                                                   \
		struct akida_ioc_program_list c = l;                        \
		c.num = 2;                                                  \
		c.field = value;                                            \
		EXPECT_EQ(error,                                            \
			  dev_ioctl(self->fd, AKIDA_IOC_PROGRAM_LIST, &c)); \
	}
	BAD(-EINVAL, size, 144);
	BAD(-EINVAL, size, 156);
	BAD(-EINVAL, size, 0);
	BAD(-EINVAL, size, 1 << 20);
	BAD(-EINVAL, flags, 1);
	BAD(-EINVAL, reserved, 1);
	BAD(-EFAULT, programs, 8);
#undef BAD
}

TEST_F(names, hostile_names)
{
	static const char *const good[] = { "a", "A-b_c.d+e@f:9",
					    "123456789012345678901234567890"
					    "123456789012345678901234567890"
					    "123" };
	static const char *const bad[] = { "",	   ".",	    "..",   ".hidden",
					   "-rf",  "a/b",   "/",    "a b",
					   "a\nb", "\x7f",  "\x1b", "a\tb",
					   "é",	   "a%s\"", "*" };
	struct akida_ioc_program_name c = { 0 };
	struct tiny t;
	int handle = tiny_load(self->fd, &t, variant->chip, 1);

	ASSERT_GT(handle, 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL,
			  named_give(self->fd, handle, bad[i], 0, 0, NULL, 0))
		{
			TH_LOG("name %zu", i);
		}
		EXPECT_EQ(-EINVAL, open_to_run(self->fd, bad[i]));
		EXPECT_EQ(-EINVAL, drop(self->fd, bad[i]));
		EXPECT_EQ(-EINVAL, widen(self->fd, bad[i]));
	}
	/* No end, and something behind the end. */
	c.handle = handle;
	memset(c.name, 'a', sizeof(c.name));
	EXPECT_EQ(-EINVAL, dev_ioctl(self->fd, AKIDA_IOC_PROGRAM_NAME, &c));
	c.name[2] = 0;
	EXPECT_EQ(-EINVAL, dev_ioctl(self->fd, AKIDA_IOC_PROGRAM_NAME, &c));
	EXPECT_EQ(0, named_count(self->fd));
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_EQ(0, leave(&self->b, good[i], 1, 0, 0));
		EXPECT_EQ(0, open_to_run(self->fd, good[i]));
		EXPECT_EQ(0, drop(self->fd, good[i]));
		EXPECT_EQ(-ENOENT, open_to_run(self->fd, good[i]));
	}
}

TEST_F(names, refused)
{
	struct akida_ioc_program_name c = { .name = "x" };
	struct akida_ioc_program_open o = { .name = "x", .rights = 1 };
	struct akida_ioc_program_note n = { 0 };
	struct akida_ioc_program_delete d = { .name = "x" };
	struct akida_ioc_program_mode m = { .name = "x" };
	int fd = dev_open(&self->b), mine;
	struct tiny t;

	ASSERT_GE(fd, 0);
	mine = tiny_load(self->fd, &t, variant->chip, 1);
	ASSERT_GT(mine, 0);
	c.handle = mine;
#define BAD(error, cmd, arg, field, value)                       \
	{                                                        \
		__typeof__(arg) bad = arg;                       \
		bad.field = value;                               \
		EXPECT_EQ(error, dev_ioctl(self->fd, cmd, &bad)) \
		{                                                \
			TH_LOG("%s of %s", #field, #cmd);        \
		}                                                \
	}
	BAD(-ENOENT, AKIDA_IOC_PROGRAM_NAME, c, handle, mine + 1);
	BAD(-EINVAL, AKIDA_IOC_PROGRAM_NAME, c, flags, 2);
	BAD(-EINVAL, AKIDA_IOC_PROGRAM_NAME, c, mode, 01000);
	BAD(-EINVAL, AKIDA_IOC_PROGRAM_NAME, c, note_size, AKIDA_MAX_NOTE + 1);
	BAD(-EFAULT, AKIDA_IOC_PROGRAM_NAME, c, note_size, 1);
	EXPECT_EQ(0, named_count(self->fd));
	EXPECT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_PROGRAM_NAME, &c));
	/* One name each, and one program each. */
	BAD(-EALREADY, AKIDA_IOC_PROGRAM_NAME, c, name[0], 'y');
	EXPECT_EQ(-EEXIST, leave(&self->b, "x", 2, 0, 0));

	BAD(-EINVAL, AKIDA_IOC_PROGRAM_OPEN, o, rights, 0);
	BAD(-EINVAL, AKIDA_IOC_PROGRAM_OPEN, o, rights, 4);
	BAD(-EINVAL, AKIDA_IOC_PROGRAM_OPEN, o, rights, 0x80000001);
	BAD(-EINVAL, AKIDA_IOC_PROGRAM_OPEN, o, flags, 1);
	BAD(-EINVAL, AKIDA_IOC_PROGRAM_OPEN, o, reserved, 1);
	BAD(-EINVAL, AKIDA_IOC_PROGRAM_OPEN, o, program.mode, 1);
	BAD(-ENOENT, AKIDA_IOC_PROGRAM_OPEN, o, name[0], 'y');
	BAD(-EINVAL, AKIDA_IOC_PROGRAM_DELETE, d, flags, 1);
	BAD(-EINVAL, AKIDA_IOC_PROGRAM_DELETE, d, reserved, 1);
	BAD(-ENOENT, AKIDA_IOC_PROGRAM_DELETE, d, name[0], 'y');
	BAD(-ESTALE, AKIDA_IOC_PROGRAM_DELETE, d, id, ~0ULL);
	BAD(-EINVAL, AKIDA_IOC_PROGRAM_MODE, m, flags, 1);
	BAD(-EINVAL, AKIDA_IOC_PROGRAM_MODE, m, mode, 01000);
	BAD(-ENOENT, AKIDA_IOC_PROGRAM_MODE, m, name[0], 'y');
	n.handle = mine;
	BAD(-ENOENT, AKIDA_IOC_PROGRAM_NOTE, n, handle, mine + 1);
	BAD(-EINVAL, AKIDA_IOC_PROGRAM_NOTE, n, flags, 1);
	EXPECT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_PROGRAM_NOTE, &n));
	EXPECT_EQ(0U, n.size);
#undef BAD
	/* By its name somebody else gets a handle, but not the program. */
	o.rights = 3;
	ASSERT_EQ(0, dev_ioctl(fd, AKIDA_IOC_PROGRAM_OPEN, &o));
	EXPECT_EQ(0, named_delete(self->fd, "x", o.program.id));
	EXPECT_EQ(-EACCES, named_give(fd, o.handle, "mine", 0, 0, NULL, 0));
	/* And it had a name. */
	EXPECT_EQ(-EALREADY, named_give(self->fd, mine, "x", 0, 0, NULL, 0));
	close(fd);
}

/* All that a mode may say, to the group and to others. */
TEST_F(names, permissions)
{
	static const struct {
		uint32_t mode;
		int run, write;
	} cases[] = {
		{ 0600, -EACCES, -EACCES },
		{ 0666, -EACCES, 0 },
		{ 0677, 0, 0 },
		{ 0711, 0, -EACCES },
		{ 0722, -EACCES, 0 },
		{ 0744, -EACCES, -EACCES },
		{ 0000, -EACCES, -EACCES },
	};

	ASSERT_EQ(0, leave(&self->b, "shared", 1, 0, 0));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, named_mode(self->fd, "shared", cases[i].mode, -1,
					-1));
		EXPECT_EQ(cases[i].run,
			  as_user("nobody", self->fd, "shared", open_to_run))
		{
			TH_LOG("mode 0%o", cases[i].mode);
		}
		EXPECT_EQ(cases[i].write,
			  as_user("nobody", self->fd, "shared", open_to_write))
		{
			TH_LOG("mode 0%o", cases[i].mode);
		}
		EXPECT_EQ(-EPERM, as_user("nobody", self->fd, "shared", widen));
	}
	EXPECT_EQ(-EACCES, as_user("nobody", self->fd, "shared", drop));
	EXPECT_EQ(-EACCES, as_user("nobody", self->fd, "shared", replace));
	EXPECT_EQ(1, named_count(self->fd));
	/* Who may write may take the name away. */
	ASSERT_EQ(0, named_mode(self->fd, "shared", 0702, -1, -1));
	EXPECT_EQ(0, as_user("nobody", self->fd, "shared", replace));
	EXPECT_EQ(0, as_user("nobody", self->fd, "shared", drop));
	EXPECT_EQ(0, named_count(self->fd));
}

static int to_own_group(int fd, const char *name)
{
	return named_mode(fd, name, 0610, -1, 999);
}

static int to_roots_group(int fd, const char *name)
{
	return named_mode(fd, name, -1, -1, 0);
}

static int to_root(int fd, const char *name)
{
	return named_mode(fd, name, -1, 0, -1);
}

/* Of a user: the group's bits, and what an owner may change. */
TEST_F(names, owners_and_groups)
{
	struct akida_named n;

	ASSERT_EQ(0, as_user("user", self->fd, "", take_another));
	ASSERT_EQ(1, named_list(self->fd, &n, 1));
	EXPECT_EQ(1000U, n.uid);
	EXPECT_EQ(1000U, n.gid);
	EXPECT_EQ(0600U, n.mode);
	EXPECT_EQ(0, as_user("user", self->fd, "another", open_to_run));
	EXPECT_EQ(-EACCES, as_user("nobody", self->fd, "another", open_to_run));
	EXPECT_EQ(-EPERM, as_user("nobody", self->fd, "another", to_own_group));
	EXPECT_EQ(-EPERM, as_user("user", self->fd, "another", to_roots_group));
	EXPECT_EQ(-EPERM, as_user("user", self->fd, "another", to_root));
	/* One of the user's groups: of root's programs it may only run them. */
	EXPECT_EQ(0, as_user("user", self->fd, "another", to_own_group));
	ASSERT_EQ(0, named_mode(self->fd, "another", -1, 0, -1));
	EXPECT_EQ(0, as_user("user", self->fd, "another", open_to_run));
	EXPECT_EQ(-EACCES, as_user("user", self->fd, "another", open_to_write));
	EXPECT_EQ(-EACCES, as_user("user", self->fd, "another", drop));
	EXPECT_EQ(-EACCES, as_user("nobody", self->fd, "another", open_to_run));
	ASSERT_EQ(1, named_list(self->fd, &n, 1));
	EXPECT_EQ(0U, n.uid);
	EXPECT_EQ(999U, n.gid);
	EXPECT_EQ(0610U, n.mode);
	/* Another program under the same name: owner, group and mode stay. */
	ASSERT_EQ(0, replace(self->fd, "another"));
	ASSERT_EQ(1, named_list(self->fd, &n, 1));
	EXPECT_EQ(999U, n.gid);
	EXPECT_EQ(0610U, n.mode);
}

/* As many as one may have, and one more. */
static int fill_up(int fd, const char *name)
{
	struct akida_ioc_info i = info(fd);
	int num = 0, err = 0;

	(void)name;
	while (!err) {
		struct tiny t;
		int handle = tiny_load(fd, &t, i.chip, 1);
		char text[16];

		if (handle < 0)
			return handle;
		snprintf(text, sizeof(text), "mine%d", num);
		err = named_give(fd, handle, text, 0, 0, NULL, 0);
		num += !err;
	}
	return num == AKIDA_MAX_NAMED_USER ? err : -EPROTO;
}

TEST_F(names, limits)
{
	struct akida_named all[AKIDA_MAX_NAMED];
	char name[16];
	int i, err = 0;

	EXPECT_EQ(-EDQUOT, as_user("user", self->fd, "", fill_up));
	EXPECT_EQ(AKIDA_MAX_NAMED_USER, named_count(self->fd));
	/* One instead of another is not one more. */
	EXPECT_EQ(0, as_user("user", self->fd, "mine3", replace));
	/* The administrator may have more, but not more than there can be. */
	for (i = AKIDA_MAX_NAMED_USER; !err; i++) {
		snprintf(name, sizeof(name), "more%d", i);
		err = leave(&self->b, name, 1, 0, 0);
	}
	EXPECT_EQ(-ENOSPC, err);
	EXPECT_EQ(AKIDA_MAX_NAMED + 1, i);
	EXPECT_EQ(AKIDA_MAX_NAMED, named_list(self->fd, all, AKIDA_MAX_NAMED));
}

/* Two programs with data of 50 MiB, of which they use little, and 28 notes. */
static int take_much(int fd, const char *name)
{
	struct akida_ioc_info i = info(fd);
	uint8_t *data = calloc(50, MIB), *note = calloc(1, MIB);
	int err = data && note ? 0 : -ENOMEM, num;

	(void)name;
	for (num = 0; num < 3 && !err; num++) {
		struct tiny t;
		char text[16];

		tiny_make(&t, i.chip, 1);
		memcpy(data, t.word, sizeof(t.word));
		t.arg.data = (uintptr_t)data;
		t.arg.data_size = 50 * MIB;
		err = dev_ioctl(fd, AKIDA_IOC_PROGRAM_CREATE, &t.arg);
		if (err)
			break;
		snprintf(text, sizeof(text), "much%d", num);
		err = named_give(fd, t.arg.handle, text, 0, 0, note, MIB);
	}
	free(data);
	free(note);
	return num == 3 ? err : -EPROTO;
}

TEST_F(names, limit_of_bytes)
{
	if (variant->chip != AKIDA_CHIP_AKD1000)
		SKIP(return, "device memory is smaller than the limit");
	EXPECT_EQ(-EDQUOT, as_user("user", self->fd, "", take_much));
	EXPECT_EQ(2, named_count(self->fd));
}

/* Rights are the handle's. */
TEST_F(names, rights_of_handles)
{
	int run, write, both;
	struct tiny t, u;

	ASSERT_EQ(0, leave(&self->b, "p", 1, 0, 0));
	tiny_make(&t, variant->chip, 1);
	tiny_make(&u, variant->chip, 2);
	run = named_open(self->fd, "p", AKIDA_RIGHT_RUN, NULL);
	write = named_open(self->fd, "p", AKIDA_RIGHT_WRITE, NULL);
	both = named_open(self->fd, "p", AKIDA_RIGHT_RUN | AKIDA_RIGHT_WRITE,
			  NULL);
	ASSERT_GT(run, 0);
	ASSERT_GT(write, 0);
	ASSERT_GT(both, 0);
	EXPECT_EQ(0, named_run(self->fd, run, &t, 3));
	EXPECT_EQ(-EACCES, named_run(self->fd, write, &t, 3));
	EXPECT_EQ(-EACCES, named_update(self->fd, run, &u, 0));
	/* What one replaces, all see. */
	EXPECT_EQ(0, named_update(self->fd, write, &u, 0));
	EXPECT_EQ(0, named_run(self->fd, run, &u, 3));
	EXPECT_EQ(-EBADMSG, named_run(self->fd, run, &t, 3));
	EXPECT_EQ(0, named_update(self->fd, both, &t, AKIDA_UPDATE_WAIT));
	EXPECT_EQ(0, named_run(self->fd, both, &t, 3));
	/* They outlive the name. */
	ASSERT_EQ(0, named_delete(self->fd, "p", 0));
	EXPECT_EQ(0, named_run(self->fd, run, &t, 3));
	EXPECT_EQ(1U, info(self->fd).programs);
}

TEST_HARNESS_MAIN
