/* libre: messages, of which it reads the routing header fields at once but Contact, and URIs. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <re/re.h>

#include "timing.h"

/* Messages keep a reference to the buffer they came in. */
static struct mbuf *buffer;

static void six(void *argument)
{
	const struct input *message = argument;
	struct sip_msg *sip = NULL;
	const struct sip_hdr *contact;
	size_t sum = 0;

	mbuf_rewind(buffer);
	if (mbuf_write_mem(buffer, (const uint8_t *)message->bytes, message->length))
		fail("libre: no memory");
	buffer->pos = 0;
	if (sip_msg_decode(&sip, buffer))
		fail("libre: no message");
	sum += sip->via.branch.l + sip->via.sentby.l;
	sum += sip->from.tag.l + sip->from.uri.host.l;
	sum += sip->to.tag.l + sip->to.uri.host.l;
	sum += sip->callid.l + sip->cseq.num;
	contact = sip_msg_hdr(sip, SIP_HDR_CONTACT);
	if (contact) {
		struct sip_addr address;

		if (sip_addr_decode(&address, &contact->val))
			fail("libre: no Contact");
		sum += address.uri.host.l;
	}
	sink += sum;
	mem_deref(sip);
}

static void uri(void *argument)
{
	const struct input *text = argument;
	struct pl pl = {text->bytes, text->length};
	struct uri uri;

	if (uri_decode(&uri, &pl))
		fail("libre: no URI");
	sink += uri.host.l;
}

int main(int count, char **arguments)
{
	begin(count, arguments);
	if (libre_init() || !(buffer = mbuf_alloc(8192)))
		fail("libre does not start");
	measure_files("libre", six);
	measure_variants("libre", six);
	measure_uris("libre", uri);
	mem_deref(buffer);
	libre_close();
	return 0;
}
