/* libsrtp at the other end of two pipes: protects and unprotects packets as it is told to.
 *
 * usage: peer SUITE KEY, KEY being master key and master salt in hexadecimal digits
 * exit status 3: this libsrtp does not offer the suite
 *
 * Standard input brings batches: the length of what follows as 4 bytes, then packets, each as an
 * operation, its length in 2 bytes, and the packet. Standard output has a batch for each, with
 * verdicts instead of operations. Numbers are little-endian. */

#include <srtp2/srtp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROTECT_RTP, PROTECT_RTCP, UNPROTECT_RTP, UNPROTECT_RTCP };
enum { DONE, REPLAYED, REFUSED };
enum { NOT_OFFERED = 3, WINDOW = 128, LONGEST = 4096, BATCH = 1 << 23 };

static const struct {
	const char *name;
	void (*rtp)(srtp_crypto_policy_t *);
	void (*rtcp)(srtp_crypto_policy_t *);
} suites[] = {
	{ "AES_CM_128_HMAC_SHA1_80", srtp_crypto_policy_set_rtp_default,
	  srtp_crypto_policy_set_rtcp_default },
	{ "AES_CM_128_HMAC_SHA1_32", srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32,
	  srtp_crypto_policy_set_rtcp_default },
	{ "AES_192_CM_HMAC_SHA1_80", srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80,
	  srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80 },
	{ "AES_192_CM_HMAC_SHA1_32", srtp_crypto_policy_set_aes_cm_192_hmac_sha1_32,
	  srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80 },
	{ "AES_256_CM_HMAC_SHA1_80", srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
	  srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 },
	{ "AES_256_CM_HMAC_SHA1_32", srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32,
	  srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 },
	{ "AEAD_AES_128_GCM", srtp_crypto_policy_set_aes_gcm_128_16_auth,
	  srtp_crypto_policy_set_aes_gcm_128_16_auth },
	{ "AEAD_AES_256_GCM", srtp_crypto_policy_set_aes_gcm_256_16_auth,
	  srtp_crypto_policy_set_aes_gcm_256_16_auth },
	{ "NULL_HMAC_SHA1_80", srtp_crypto_policy_set_null_cipher_hmac_sha1_80,
	  srtp_crypto_policy_set_null_cipher_hmac_sha1_80 },
};

static unsigned char input[BATCH], output[2 * BATCH];

static void fail(const char *why)
{
	fprintf(stderr, "%s\n", why);
	exit(1);
}

static uint32_t number(const unsigned char *at, int bytes)
{
	uint32_t value = 0;
	while (bytes-- > 0)
		value = value << 8 | at[bytes];
	return value;
}

static void put(unsigned char *at, uint32_t value, int bytes)
{
	for (; bytes-- > 0; value >>= 8)
		*at++ = value & 255;
}

/* The key in binary; its length, or -1. */
static int unhex(const char *digits, unsigned char *key, int room)
{
	int len = 0;
	unsigned byte;
	for (; *digits; digits += 2) {
		if (len == room || sscanf(digits, "%2x", &byte) != 1)
			return -1;
		key[len++] = byte;
	}
	return len;
}

static int run(srtp_t sender, srtp_t receiver, int operation, unsigned char *packet, int *len)
{
	srtp_err_status_t status;
	switch (operation) {
	case PROTECT_RTP: status = srtp_protect(sender, packet, len); break;
	case PROTECT_RTCP: status = srtp_protect_rtcp(sender, packet, len); break;
	case UNPROTECT_RTP: status = srtp_unprotect(receiver, packet, len); break;
	default: status = srtp_unprotect_rtcp(receiver, packet, len); break;
	}
	switch (status) {
	case srtp_err_status_ok: return DONE;
	case srtp_err_status_replay_fail:
	case srtp_err_status_replay_old: return REPLAYED;
	default: return REFUSED;
	}
}

int main(int argc, char **argv)
{
	/* Packets are worked on in a place of their own, aligned and with room. */
	static uint32_t aligned[LONGEST / 4];
	unsigned char key[64], *packet = (unsigned char *)aligned;
	srtp_policy_t policy;
	srtp_t sender, receiver;
	size_t suite, suite_count = sizeof suites / sizeof *suites;

	if (argc != 3)
		fail("usage: peer SUITE KEY");
	for (suite = 0; suite < suite_count && strcmp(argv[1], suites[suite].name); suite++)
		;
	if (suite == suite_count)
		return NOT_OFFERED;
	memset(&policy, 0, sizeof policy);
	suites[suite].rtp(&policy.rtp);
	suites[suite].rtcp(&policy.rtcp);
	if (unhex(argv[2], key, sizeof key) != policy.rtp.cipher_key_len)
		fail("key of another length");
	policy.key = key;
	policy.window_size = WINDOW;
	if (srtp_init() != srtp_err_status_ok)
		fail("srtp_init");
	policy.ssrc.type = ssrc_any_outbound;
	if (srtp_create(&sender, &policy) != srtp_err_status_ok)
		return NOT_OFFERED;
	policy.ssrc.type = ssrc_any_inbound;
	if (srtp_create(&receiver, &policy) != srtp_err_status_ok)
		return NOT_OFFERED;

	while (fread(input, 4, 1, stdin) == 1) {
		uint32_t in = number(input, 4), at = 0, out = 4;
		if (in > BATCH || fread(input, 1, in, stdin) != in)
			fail("short batch");
		while (at < in) {
			int operation = input[at], len = number(input + at + 1, 2), before = len, verdict;
			if (len + SRTP_MAX_TRAILER_LEN + 4 > LONGEST)
				fail("long packet");
			memcpy(packet, input + at + 3, len);
			at += 3 + len;
			verdict = run(sender, receiver, operation, packet, &len);
			if (verdict != DONE)
				len = 0;
			if (out + 3 + before + SRTP_MAX_TRAILER_LEN + 4 > sizeof output)
				fail("long reply");
			output[out] = verdict;
			put(output + out + 1, len, 2);
			memcpy(output + out + 3, packet, len);
			out += 3 + len;
		}
		put(output, out - 4, 4);
		if (fwrite(output, 1, out, stdout) != out || fflush(stdout))
			fail("short reply");
	}
	return 0;
}
