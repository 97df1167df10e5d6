//! A URI, component by component (RFC 3986 §3, RFC 3261 §19.1, RFC 3966 §3).

use rfc2396_uri::{Host, Parameters, SipUri, TelUri, Uri, UriReference};

use super::binary::place;
use super::field::{Field, Finding, Parsed};
use super::text;

pub(super) fn read(input: &[u8]) -> Result<Parsed, Finding> {
    let line = input.strip_suffix(b"\n").unwrap_or(input);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = text::utf8(line, "RFC 3986 §2")?;
    let uri = Uri::parse(text)?;
    Ok(Parsed {
        summary: format!("{} URI of {} bytes", uri.scheme(), text.len()),
        fields: fields(line, &uri),
        defects: uri.defects().iter().map(Finding::from).collect(),
    })
}

/// The components of a URI that is a piece of `whole`.
pub(super) fn fields(whole: &[u8], uri: &Uri<&str>) -> Vec<Field> {
    let components = Components { whole };
    let mut fields = vec![components.part("scheme", uri.scheme())];
    fields.extend(match uri {
        Uri::Sip(uri) => components.sip(uri),
        Uri::Tel(uri) => components.tel(uri),
        Uri::Other(uri) => components.other(uri),
    });
    fields
}

struct Components<'a> {
    whole: &'a [u8],
}

impl Components<'_> {
    fn part(&self, name: &'static str, part: &str) -> Field {
        Field::new(name, place(self.whole, part.as_bytes()), part)
    }

    fn host(&self, text: &str, host: Host<'_>) -> Field {
        let kind = match host {
            Host::V4(_) => "IPv4 address",
            Host::V6 { .. } => "IPv6 address",
            Host::Name(_) => "name",
            Host::Future(_) => "address of a later version",
        };
        Field::new(
            "host",
            place(self.whole, text.as_bytes()),
            format_args!("{text} ({kind})"),
        )
    }

    fn parameters(&self, parameters: Parameters<'_>) -> Vec<Field> {
        parameters
            .map(|parameter| self.part("parameter", parameter.as_str()))
            .collect()
    }

    fn sip(&self, uri: &SipUri<&str>) -> Vec<Field> {
        let mut fields = Vec::new();
        fields.extend(uri.user().map(|user| self.part("user", user)));
        fields.extend(
            uri.password()
                .map(|password| self.part("password", password)),
        );
        fields.push(self.host(uri.host_str(), uri.host()));
        let host_end = fields.last().map_or(0, |host| host.place().end);
        fields.extend(uri.port().map(|port| {
            let start = host_end + 1;
            Field::new("port", start..start + port.to_string().len(), port)
        }));
        fields.extend(self.parameters(uri.parameters()));
        fields.extend(
            uri.headers()
                .map(|header| self.part("header", header.as_str())),
        );
        fields
    }

    fn tel(&self, uri: &TelUri<&str>) -> Vec<Field> {
        let reach = if uri.is_global() { "global" } else { "local" };
        let number = uri.number();
        let mut fields = vec![Field::new(
            "number",
            place(self.whole, number.as_bytes()),
            format_args!("{number} ({reach}, digits {})", uri.digits()),
        )];
        fields.extend(self.parameters(uri.parameters()));
        fields
    }

    fn other(&self, uri: &UriReference<&str>) -> Vec<Field> {
        let mut fields = Vec::new();
        fields.extend(uri.userinfo().map(|part| self.part("userinfo", part)));
        fields.extend(
            uri.host_str()
                .zip(uri.host())
                .map(|(text, host)| self.host(text, host)),
        );
        fields.extend(uri.port_str().map(|part| self.part("port", part)));
        fields.push(self.part("path", uri.path()));
        fields.extend(uri.query().map(|part| self.part("query", part)));
        fields.extend(uri.fragment().map(|part| self.part("fragment", part)));
        fields
    }
}
