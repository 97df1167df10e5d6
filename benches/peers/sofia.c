/* sofia-sip: messages, which it takes apart whole, and URIs. */

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_types.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su.h>
#include <sofia-sip/url.h>

#include "timing.h"

static size_t length_of(const char *text)
{
	return text ? strlen(text) : 0;
}

static msg_t *parsed(const struct input *message)
{
	msg_t *msg = msg_make(sip_default_mclass(), 0, message->bytes, (ssize_t)message->length);

	if (!msg)
		fail("sofia: no message");
	return msg;
}

static void six(void *argument)
{
	msg_t *msg = parsed(argument);
	const sip_t *sip = sip_object(msg);
	size_t sum = 0;

	if (!sip || !sip->sip_via || !sip->sip_from || !sip->sip_to || !sip->sip_call_id ||
	    !sip->sip_cseq)
		fail("sofia: header fields are missing");
	sum += length_of(sip->sip_via->v_branch) + length_of(sip->sip_via->v_host);
	sum += length_of(sip->sip_from->a_tag) + length_of(sip->sip_from->a_url->url_host);
	sum += length_of(sip->sip_to->a_tag) + length_of(sip->sip_to->a_url->url_host);
	sum += length_of(sip->sip_call_id->i_id) + sip->sip_cseq->cs_seq;
	if (sip->sip_contact)
		sum += length_of(sip->sip_contact->m_url->url_host);
	sink += sum;
	msg_destroy(msg);
}

/* Taking apart is all or nothing; what is counted is there by now. */
static void everything(void *argument)
{
	msg_t *msg = parsed(argument);
	const sip_t *sip = sip_object(msg);

	if (!sip || !sip->sip_allow || !sip->sip_supported || !sip->sip_user_agent ||
	    !sip->sip_content_type || !sip->sip_max_forwards)
		fail("sofia: header fields are missing");
	sink += msg_params_length((char const *const *)sip->sip_allow->k_items);
	sink += msg_params_length((char const *const *)sip->sip_supported->k_items);
	sink += sip->sip_max_forwards->mf_count;
	sink += length_of(sip->sip_via->v_branch) + length_of(sip->sip_contact->m_url->url_host);
	msg_destroy(msg);
}

/* Every header structure copied, and then written from the copy. */
static void write_copy(void *argument)
{
	msg_t *msg = msg_dup(argument);

	if (!msg || msg_serialize(msg, (msg_pub_t *)sip_object(msg)) < 0 || msg_prepare(msg) <= 0)
		fail("sofia: not written");
	msg_destroy(msg);
}

static void uri(void *argument)
{
	const struct input *text = argument;
	char copy[128];
	url_t url[1];

	memcpy(copy, text->bytes, text->length + 1);
	if (url_d(url, copy) < 0)
		fail("sofia: no URI");
	sink += length_of(url->url_host);
}

int main(int count, char **arguments)
{
	struct input invite;
	msg_t *msg;

	begin(count, arguments);
	su_init();
	measure_files("sofia-sip", six);
	measure_variants("sofia-sip", six);
	invite = input("inv1.sip");
	measure("sip/every header/inv1.sip", "sofia-sip", invite.length, everything, &invite);
	msg = parsed(&invite);
	measure("sip/write/INVITE built anew", "sofia-sip, copied and written", invite.length, write_copy, msg);
	msg_destroy(msg);
	measure_uris("sofia-sip", uri);
	su_deinit();
	return 0;
}
