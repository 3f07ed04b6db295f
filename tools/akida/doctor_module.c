// SPDX-License-Identifier: GPL-2.0
/*
 * akida doctor: kernel modules, ours and the vendor's, and what the kernel
 * allows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/sys.h"
#include "doctor.h"
#include "tool.h"

#define MODULES "/lib/modules"
#define MAX_DEPTH 4
#define EFI_SECURE_BOOT \
	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define SIGNATURE "~Module signature appended~\n"

/* The vendor's modules: today's, and the one before. */
static const char *const vendor_modules[] = { "akida_pcie", "pedd_bc" };

/* Is "akida-pcie.ko.xz" the file of the module akida_pcie? */
static bool is_module_file(const char *file, const char *module)
{
	static const char *const ends[] = { ".ko", ".ko.xz", ".ko.zst",
					    ".ko.gz" };
	size_t n = strlen(module), i;

	for (i = 0; i < n; i++)
		if (file[i] != module[i] &&
		    !(file[i] == '-' && module[i] == '_'))
			return false;
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		if (!strcmp(file + n, ends[i]))
			return true;
	return false;
}

/* What modprobe knows: the path below the release's folder, for free(). */
static char *in_modules_dep(const char *release, const char *module)
{
	char path[PATH_MAX], *line = NULL, *found = NULL, *last;
	size_t room = 0;
	FILE *f;

	if (ak_sys_path(path, MODULES "/%s/modules.dep", release))
		return NULL;
	f = fopen(path, "re");
	if (!f)
		return NULL;
	while (!found && getline(&line, &room, f) > 0) {
		line[strcspn(line, ":\n")] = '\0';
		last = strrchr(line, '/');
		if (is_module_file(last ? last + 1 : line, module))
			found = tool_text("%s", line);
	}
	free(line);
	fclose(f);
	return found;
}

/* A file that lies there, whether or not modprobe knows it; for free(). */
static char *in_folder(const char *dir, const char *module, int depth)
{
	DIR *folder = ak_sys_opendir("%s", dir);
	char *found = NULL, *sub;
	struct dirent *e;

	if (!folder)
		return NULL;
	while (!found && (e = readdir(folder))) {
		if (is_module_file(e->d_name, module)) {
			found = tool_text("%s/%s", dir, e->d_name);
		} else if (e->d_type == DT_DIR && e->d_name[0] != '.' &&
			   depth < MAX_DEPTH) {
			sub = tool_text("%s/%s", dir, e->d_name);
			found = in_folder(sub, module, depth + 1);
			free(sub);
		}
	}
	closedir(folder);
	return found;
}

/*
 * Where a module is installed for a kernel; for free(). @known says whether
 * modprobe finds it.
 */
static char *installed(const char *release, const char *module, bool *known)
{
	/* Where out-of-tree modules go, and where the vendor put its own. */
	static const char *const places[] = { "updates", "extra",
					      "kernel/drivers" };
	char *in_dep = in_modules_dep(release, module), *path = NULL, *dir;
	size_t i;

	*known = in_dep != NULL;
	if (in_dep) {
		path = *in_dep == '/' ?
			       tool_text("%s", in_dep) :
			       tool_text(MODULES "/%s/%s", release, in_dep);
		free(in_dep);
		return path;
	}
	for (i = 0; !path && i < ARRAY_SIZE(places); i++) {
		dir = tool_text(MODULES "/%s/%s", release, places[i]);
		/* All drivers of the kernel are below the last. */
		path = in_folder(dir, module, i == 2 ? MAX_DEPTH : 0);
		free(dir);
	}
	return path;
}

/* Another kernel that has the module, for free(). */
static char *other_kernel(const struct doctor *d, const char *module)
{
	DIR *kernels = ak_sys_opendir(MODULES);
	char *found = NULL, *path;
	struct dirent *e;
	bool known;

	if (!kernels)
		return NULL;
	while (!found && (e = readdir(kernels))) {
		if (e->d_name[0] == '.' || !strcmp(e->d_name, d->release))
			continue;
		path = installed(e->d_name, module, &known);
		if (path)
			found = tool_text("%s", e->d_name);
		free(path);
	}
	closedir(kernels);
	return found;
}

/* ---------------------------------------------------------- blacklists */

/* A line that keeps a module from being loaded; for free(). */
static char *line_against(const char *dir, const char *name, const char *module)
{
	char path[PATH_MAX], *line = NULL, *found = NULL;
	char verb[32], what[128], how[128];
	unsigned int number = 0;
	size_t room = 0;
	FILE *f;
	int n;

	if (ak_sys_path(path, "%s/%s", dir, name))
		return NULL;
	f = fopen(path, "re");
	if (!f)
		return NULL;
	while (!found && getline(&line, &room, f) > 0) {
		char *p;

		number++;
		n = sscanf(line, "%31s %127s %127s", verb, what, how);
		for (p = what; n >= 2 && *p; p++)
			if (*p == '-')
				*p = '_';
		if (n >= 2 && !strcmp(what, module) &&
		    (!strcmp(verb, "blacklist") ||
		     (n == 3 && !strcmp(verb, "install") &&
		      (strstr(how, "/true") || strstr(how, "/false")))))
			found = tool_text("%s/%s, line %u", dir, name, number);
	}
	free(line);
	fclose(f);
	return found;
}

static char *blacklisted(const char *module)
{
	static const char *const dirs[] = { "/etc/modprobe.d",
					    "/run/modprobe.d",
					    "/usr/lib/modprobe.d" };
	char text[4096], *p, *word, *found = NULL;
	struct dirent *e;
	size_t i;
	DIR *dir;

	for (i = 0; !found && i < ARRAY_SIZE(dirs); i++) {
		dir = ak_sys_opendir("%s", dirs[i]);
		while (dir && !found && (e = readdir(dir)))
			if (e->d_name[0] != '.')
				found = line_against(dirs[i], e->d_name,
						     module);
		if (dir)
			closedir(dir);
	}
	if (found)
		return found;
	ak_sys_read(text, sizeof(text), "/proc/cmdline");
	p = strstr(text, "blacklist=");
	word = p ? strstr(p, module) : NULL;
	if (!word || strcspn(p, " \n") < (size_t)(word - p))
		return NULL;
	/* akida is a part of akida_pcie. */
	if (word[strlen(module)] && !strchr(", \n", word[strlen(module)]))
		return NULL;
	return tool_text("the kernel's command line");
}

/* -------------------------------------------------------------- akida.ko */

static void how_to_install(struct doctor *d)
{
	struct stat st;
	bool headers = !ak_sys_stat(&st, MODULES "/%s/build", d->release);

	doctor_remedy(
		d,
		"%s%s%sin akida's source 'make modules && sudo make modules_install && sudo depmod -a', then 'sudo modprobe akida'",
		headers ? "" : "install the kernel's headers (linux-headers-",
		headers ? "" : d->release, headers ? "" : "), and ");
}

static void not_loaded(struct doctor *d, const char *path, bool known)
{
	enum doctor_level level = d->num_boards ? DOCTOR_FAIL : DOCTOR_WARN;
	char *against, *other;

	if (path && known) {
		against = blacklisted("akida");
		doctor_find(
			d, level, "module",
			"akida.ko is installed for kernel %s, but not loaded%s%s",
			d->release, against ? "; it is blacklisted by " : "",
			against ? against : "");
		doctor_remedy(
			d, "'sudo modprobe akida'%s",
			against ?
				", and take that line away so that it is loaded at boot" :
				"; if that fails, 'sudo dmesg | tail' says why");
		free(against);
		return;
	}
	if (path) {
		doctor_find(d, level, "module",
			    "%s is there, but modprobe does not know it", path);
		doctor_remedy(d, "'sudo depmod -a && sudo modprobe akida'");
		return;
	}
	other = other_kernel(d, "akida");
	if (other)
		doctor_find(
			d, level, "module",
			"akida.ko is installed for kernel %s, but %s is running",
			other, d->release);
	else
		doctor_find(d, level, "module",
			    "akida.ko is neither loaded nor installed");
	how_to_install(d);
	free(other);
}

static void check_module(struct doctor *d, const char *path, bool known)
{
	char version[64], state[32];

	if (!d->loaded) {
		not_loaded(d, path, known);
		return;
	}
	ak_sys_line(state, sizeof(state), "/sys/module/akida/initstate");
	if (*state && strcmp(state, "live")) {
		doctor_find(d, DOCTOR_WARN, "module", "akida.ko is being %s",
			    strcmp(state, "going") ? "loaded" : "unloaded");
		doctor_remedy(
			d,
			"wait a moment; if it stays so, the kernel log says why");
		return;
	}
	ak_sys_line(version, sizeof(version), "/sys/module/akida/version");
	if (path && known) {
		doctor_find(d, DOCTOR_OK, "module", "akida.ko %s%sis loaded",
			    version, *version ? " " : "");
		return;
	}
	doctor_find(
		d, DOCTOR_WARN, "module",
		"akida.ko %s%sis loaded, but not installed for kernel %s: it will be missing after the next boot",
		version, *version ? " " : "", d->release);
	how_to_install(d);
}

static void check_parameters(struct doctor *d)
{
	char raw[32];

	if (!d->loaded ||
	    ak_sys_line(raw, sizeof(raw), "/sys/module/akida/parameters/raw"))
		return;
	if (!strcmp(raw, "off")) {
		doctor_find(d, DOCTOR_OK, "raw",
			    "the vendor's file interface is off");
	} else if (!strcmp(raw, "group")) {
		doctor_find(
			d, DOCTOR_WARN, "raw",
			"the vendor's file interface, which is raw control of the board, is open to group akida");
		doctor_remedy(
			d,
			"if no program needs it: 'echo admin | sudo tee /sys/module/akida/parameters/raw', and 'options akida raw=admin' in /etc/modprobe.d");
	} else {
		doctor_find(d, DOCTOR_OK, "raw",
			    "the vendor's file interface is for root (%s)",
			    raw);
	}
}

/* --------------------------------------------------- the vendor's modules */

/* A file that has the module loaded at boot; for free(). */
static char *loaded_at_boot(const char *module)
{
	char text[16384], path[512], *line, *save, *p, *found = NULL;
	DIR *dir = ak_sys_opendir("/etc/modules-load.d");
	struct dirent *e = NULL;

	strcpy(path, "/etc/modules");
	do {
		if (e)
			snprintf(path, sizeof(path), "/etc/modules-load.d/%s",
				 e->d_name);
		ak_sys_read(text, sizeof(text), "%s", path);
		for (line = strtok_r(text, " \t\n", &save); line && !found;
		     line = strtok_r(NULL, " \t\n", &save)) {
			for (p = line; *p; p++)
				if (*p == '-')
					*p = '_';
			if (!strcmp(line, module))
				found = tool_text("%s", path);
		}
	} while (!found && dir && (e = readdir(dir)));
	if (dir)
		closedir(dir);
	return found;
}

static bool check_vendor(struct doctor *d, const char *module)
{
	char *path, *boot, *against;
	bool known, bad = false;
	struct stat st;

	if (!ak_sys_stat(&st, "/sys/module/%s", module)) {
		doctor_find(
			d, DOCTOR_WARN, "vendor-module",
			"the vendor's driver %s is loaded and competes for boards",
			module);
		doctor_remedy(d, "'sudo rmmod %s'", module);
		bad = true;
	}
	path = installed(d->release, module, &known);
	boot = loaded_at_boot(module);
	against = path ? blacklisted(module) : NULL;
	if (path && !against) {
		doctor_find(
			d, DOCTOR_WARN, "vendor-module",
			"the vendor's driver is installed (%s) and may take the board at the next boot",
			path);
		if (!ak_sys_stat(&st, "/var/lib/dkms/akida-pcie"))
			doctor_remedy(
				d,
				"'sudo dkms remove -m akida-pcie -v 1.0 --all', or keep it from being loaded: 'echo blacklist %s | sudo tee /etc/modprobe.d/akida.conf'",
				module);
		else
			doctor_remedy(
				d,
				"'sudo rm %s && sudo depmod -a', or keep it from being loaded: 'echo blacklist %s | sudo tee /etc/modprobe.d/akida.conf'",
				path, module);
		bad = true;
	}
	if (boot) {
		doctor_find(d, DOCTOR_WARN, "vendor-module",
			    "%s has the vendor's driver %s loaded at boot",
			    boot, module);
		doctor_remedy(d, "take that line from %s", boot);
		bad = true;
	}
	free(path);
	free(boot);
	free(against);
	return bad;
}

/* ----------------------------------------------- what the kernel allows */

enum signed_state {
	SIGNED,
	UNSIGNED,
	CANNOT_TELL
};

static enum signed_state is_signed(const char *path)
{
	char full[PATH_MAX], end[sizeof(SIGNATURE) - 1];
	const char *dot = path ? strrchr(path, '.') : NULL;
	enum signed_state state = CANNOT_TELL;
	FILE *f;

	/* A compressed one would have to be unpacked. */
	if (!dot || strcmp(dot, ".ko") || ak_sys_path(full, "%s", path))
		return CANNOT_TELL;
	f = fopen(full, "re");
	if (!f)
		return CANNOT_TELL;
	if (!fseek(f, -(long)sizeof(end), SEEK_END) &&
	    fread(end, sizeof(end), 1, f) == 1)
		state = memcmp(end, SIGNATURE, sizeof(end)) ? UNSIGNED : SIGNED;
	fclose(f);
	return state;
}

/* "none [integrity] confidentiality" */
static bool locked_down(void)
{
	char text[128];

	return !ak_sys_line(text, sizeof(text),
			    "/sys/kernel/security/lockdown") &&
	       !strstr(text, "[none]") && strchr(text, '[');
}

static void check_secure_boot(struct doctor *d, const char *path)
{
	char enforce[8];
	uint8_t var[8];
	int n = ak_sys_read(var, sizeof(var), EFI_SECURE_BOOT);
	/* Four bytes of attributes stand before the value. */
	const char *boot = n >= 5 && var[4] == 1 ? "Secure Boot is on" :
			   n >= 5		 ? "Secure Boot is off" :
						   "no Secure Boot";
	bool down = locked_down();

	ak_sys_line(enforce, sizeof(enforce),
		    "/sys/module/module/parameters/sig_enforce");
	if (*enforce != 'Y' && !down) {
		doctor_find(d, DOCTOR_OK, "secure-boot",
			    "%s, and the kernel takes unsigned modules", boot);
		return;
	}
	if (d->loaded) {
		doctor_find(
			d, DOCTOR_OK, "secure-boot",
			"%s, the kernel takes signed modules only, and took akida.ko%s",
			boot,
			down ? "; under lockdown it refuses the vendor's file interface" :
			       "");
		return;
	}
	switch (is_signed(path)) {
	case SIGNED:
		doctor_find(
			d, DOCTOR_WARN, "secure-boot",
			"%s, and the kernel takes modules only with a signature that it knows; akida.ko is signed",
			boot);
		doctor_remedy(
			d,
			"if loading is refused ('Key was rejected by service'), enrol the key that signed it: 'sudo mokutil --import /var/lib/dkms/mok.pub' if DKMS or scripts/sign-module did, then boot and confirm");
		return;
	case UNSIGNED:
		doctor_find(
			d, DOCTOR_FAIL, "secure-boot",
			"%s, and the kernel takes signed modules only, which %s is not",
			boot, path);
		break;
	case CANNOT_TELL:
		doctor_find(
			d, DOCTOR_WARN, "secure-boot",
			"%s, and the kernel takes signed modules only; whether akida.ko is signed cannot be told",
			boot);
		break;
	}
	doctor_remedy(
		d,
		"have it signed, by DKMS ('sudo dkms install --force akida/VERSION') or, before it is installed, by 'sudo scripts/sign-module' of the source; enrol that key: 'sudo mokutil --import /var/lib/dkms/mok.pub', then boot and confirm; or switch Secure Boot off");
}

static void check_taint(struct doctor *d)
{
	static const struct {
		unsigned int bit;
		const char *meaning;
	} bad[] = {
		{ 4, "the processor reported a machine check" },
		{ 5, "it found a bad page of memory" },
		{ 7, "a part of it died (oops)" },
		{ 9, "it warned of an inconsistency" },
		{ 14, "a processor was stuck" },
	};
	int64_t taint = 0;
	size_t i;

	ak_sys_number(&taint, "/proc/sys/kernel/tainted");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!(taint >> bad[i].bit & 1))
			continue;
		doctor_find(d, DOCTOR_WARN, "kernel",
			    "since the kernel was booted %s", bad[i].meaning);
		doctor_remedy(
			d,
			"the kernel log says more; boot again before you rely on it");
		return;
	}
	doctor_find(d, DOCTOR_OK, "kernel", "%s, without trouble since boot",
		    *d->release ? d->release : "of unknown version");
}

void doctor_module(struct doctor *d)
{
	bool known = false, vendor = false;
	struct stat st;
	char *path;
	size_t i;

	d->loaded = !ak_sys_stat(&st, "/sys/module/akida");
	path = installed(d->release, "akida", &known);
	check_taint(d);
	check_module(d, path, known);
	check_parameters(d);
	for (i = 0; i < ARRAY_SIZE(vendor_modules); i++)
		vendor |= check_vendor(d, vendor_modules[i]);
	if (!vendor)
		doctor_find(d, DOCTOR_OK, "vendor-module",
			    "no driver of the vendor is in the way");
	check_secure_boot(d, path);
	free(path);
}
