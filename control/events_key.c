/* SPDX-License-Identifier: BSD-3-Clause */
/* events_key: pseudonyms and the key they are made with. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/events.h"

void events_pseudonym(const uint8_t key[EVENTS_KEY_LEN], struct bytes digits, char *out)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t hash[crypto_generichash_BYTES_MIN];

	if (digits.len > 0 && digits.data[0] == '+') {
		/* one number, one pseudonym, whether or not its sender wrote the plus */
		digits = bytes_slice(digits, 1, digits.len);
	}
	crypto_generichash(hash, sizeof(hash), digits.data, digits.len, key, EVENTS_KEY_LEN);
	for (size_t i = 0; i < 8; i++) {
		out[2 * i] = hex[hash[i] >> 4];
		out[2 * i + 1] = hex[hash[i] & 0x0F];
	}
	out[16] = '\0';
}

void events_key_path(const struct config *c, char *out, size_t size)
{
	if (c->events_key_file[0] != '\0') {
		snprintf(out, size, "%s", c->events_key_file);
	} else {
		snprintf(out, size, "%s/pseudonym.key", c->state_dir);
	}
}

static int fail(struct diag *diag, const char *path, int error, const char *what)
{
	diag_add(diag, DIAG_ERROR, path, 0, 0, "key of pseudonyms: %s%s%s", what,
		error != 0 ? ": " : "", error != 0 ? strerror(error) : "");
	return error != 0 ? -error : -EINVAL;
}

/* make_key: a new key in a file that nobody else can read. */
static int make_key(const char *path, uint8_t key[EVENTS_KEY_LEN], struct diag *diag)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int error = 0;

	if (fd < 0) {
		return fail(diag, path, errno, "cannot be made");
	}
	randombytes_buf(key, EVENTS_KEY_LEN);
	if (write(fd, key, EVENTS_KEY_LEN) != EVENTS_KEY_LEN || fsync(fd) != 0) {
		error = errno != 0 ? errno : EIO;
	}
	if (close(fd) != 0 && error == 0) {
		error = errno;
	}
	if (error != 0) {
		unlink(path);
		return fail(diag, path, error, "cannot be written");
	}
	return 0;
}

int events_key_load(const char *path, bool replay, uint8_t key[EVENTS_KEY_LEN], struct diag *diag)
{
	static const char replay_key[EVENTS_KEY_LEN + 1] = "smswall: pseudonyms of replays 1";
	uint8_t more[EVENTS_KEY_LEN + 1];
	struct stat st;
	ssize_t n;
	int fd;

	if (replay) {
		memcpy(key, replay_key, EVENTS_KEY_LEN);
		return 0;
	}
	if (sodium_init() < 0) {
		return fail(diag, path, 0, "libsodium cannot be initialised");
	}
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT) {
		return make_key(path, key, diag);
	}
	if (fd < 0) {
		return fail(diag, path, errno, "cannot be read");
	}
	n = read(fd, more, sizeof(more));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || n != EVENTS_KEY_LEN) {
		close(fd);
		return fail(diag, path, 0, "not a file of 32 octets");
	}
	close(fd);
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		return fail(diag, path, 0, "others may read it: chmod 600 and consider a new one");
	}
	memcpy(key, more, EVENTS_KEY_LEN);
	sodium_memzero(more, sizeof(more));
	return 0;
}

int events_key_random(uint8_t key[EVENTS_KEY_LEN])
{
	if (sodium_init() < 0) {
		return -EIO;
	}
	randombytes_buf(key, EVENTS_KEY_LEN);
	return 0;
}

uint64_t events_sample_key(const struct config *c)
{
	static const uint8_t purpose[] = { 's', 'a', 'm', 'p', 'l', 'e' };
	uint8_t hash[crypto_generichash_BYTES_MIN];
	uint8_t key[EVENTS_KEY_LEN];
	struct diag *told = calloc(1, sizeof(*told));
	uint64_t sample;
	char path[512];

	events_key_path(c, path, sizeof(path));
	randombytes_buf(&sample, sizeof(sample));
	if (told != NULL && events_key_load(path, false, key, told) == 0) {
		(void)crypto_generichash(
			hash, sizeof(hash), purpose, sizeof(purpose), key, sizeof(key));
		memcpy(&sample, hash, sizeof(sample));
	}
	if (told != NULL) {
		diag_clear(told);
	}
	free(told);
	return sample;
}
