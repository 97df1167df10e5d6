/* libosip2: messages, which it takes apart whole, and URIs. */

#include <sys/time.h>

#include <osipparser2/osip_parser.h>

#include "timing.h"

static size_t length_of(const char *text)
{
	return text ? strlen(text) : 0;
}

static osip_message_t *parsed(const struct input *message)
{
	osip_message_t *sip;

	if (osip_message_init(&sip) || osip_message_parse(sip, message->bytes, message->length))
		fail("osip: no message");
	return sip;
}

static void six(void *argument)
{
	osip_message_t *sip = parsed(argument);
	osip_via_t *via = NULL;
	osip_contact_t *contact = NULL;
	osip_generic_param_t *found = NULL;
	size_t sum = 0;

	if (osip_message_get_via(sip, 0, &via) < 0 || !sip->from || !sip->to || !sip->call_id ||
	    !sip->cseq)
		fail("osip: header fields are missing");
	osip_via_param_get_byname(via, "branch", &found);
	sum += found ? length_of(found->gvalue) : 0;
	sum += length_of(via_get_host(via));
	found = NULL;
	osip_from_get_tag(sip->from, &found);
	sum += found ? length_of(found->gvalue) : 0;
	sum += length_of(sip->from->url->host);
	found = NULL;
	osip_to_get_tag(sip->to, &found);
	sum += found ? length_of(found->gvalue) : 0;
	sum += length_of(sip->to->url->host);
	sum += length_of(sip->call_id->number) + (size_t)atol(sip->cseq->number);
	if (osip_message_get_contact(sip, 0, &contact) >= 0 && contact->url)
		sum += length_of(contact->url->host);
	sink += sum;
	osip_message_free(sip);
}

/* Written from its structures: what was kept of the received text is thrown away first. */
static void write_again(void *argument)
{
	char *text = NULL;
	size_t length = 0;

	osip_message_force_update(argument);
	if (osip_message_to_str(argument, &text, &length))
		fail("osip: not written");
	sink += length;
	osip_free(text);
}

static void uri(void *argument)
{
	const struct input *text = argument;
	osip_uri_t *url;

	if (osip_uri_init(&url) || osip_uri_parse(url, text->bytes))
		fail("osip: no URI");
	sink += length_of(url->host);
	osip_uri_free(url);
}

int main(int count, char **arguments)
{
	struct input invite;
	osip_message_t *sip;

	begin(count, arguments);
	parser_init();
	measure_files("libosip2", six);
	measure_variants("libosip2", six);
	invite = input("inv1.sip");
	sip = parsed(&invite);
	measure("sip/write/INVITE built anew", "libosip2, parsed before", invite.length, write_again, sip);
	osip_message_free(sip);
	measure_uris("libosip2", uri);
	return 0;
}
