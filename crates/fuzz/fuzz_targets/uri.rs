//! Addresses: what is accepted is kept byte for byte, and its parts make up the whole.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rfc2396_uri::{NameAddr, SipUri, TelUri, Uri, UriReference};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = core::str::from_utf8(data) else { return };
    for parse in [NameAddr::parse_prefix, NameAddr::parse_prefix_of_one] {
        let Ok((address, consumed)) = parse(text) else { continue };
        assert!(text.is_char_boundary(consumed) && text.starts_with(address.as_str()));
        let _ = (address.display_name(), address.displayable(), address.defects());
        walk(&address.uri());
        let built = NameAddr::new(Some(&address.displayable()), &address.uri());
        assert_eq!(built.expect("no line break").uri().as_str(), address.uri().as_str());
    }
    if let Ok(uri) = Uri::parse(text) {
        assert_eq!(uri.as_str(), text);
        walk(&uri);
    }
    if let Ok(reference) = UriReference::parse(text) {
        let base = UriReference::parse("x://h/a/b?c").expect("a URI");
        let target = base.resolve(&reference).map(|target| target.is_relative());
        assert!(target != Ok(true));
    }
});

fn walk(uri: &Uri<&str>) {
    for defect in uri.defects() {
        assert!(uri.as_str().get(defect.span()).is_some());
    }
    assert!(uri.equivalent(uri));
    match uri {
        Uri::Sip(uri) => sip(uri),
        Uri::Tel(uri) => tel(uri),
        Uri::Other(uri) => assert_eq!(uri.normalize(), uri.normalize().normalize()),
    }
}

fn sip(uri: &SipUri<&str>) {
    assert_eq!(uri.registrar_key(), uri.request_uri().registrar_key());
    assert!(uri.secure().is_ok_and(|uri| uri.is_secure()) || uri.as_str().len() > 65_000);
    let _ = (uri.maddr(), uri.ttl(), uri.transport(), uri.effective_port(), uri.to_tel());
    let mut parts = uri.user().map_or(0, str::len) + uri.password().map_or(0, str::len);
    parts += uri.host_str().len() + uri.parameters().as_str().len() + uri.headers().as_str().len();
    assert!(parts < uri.as_str().len());
    let _ = uri.parameters().filter_map(|parameter| parameter.decoded_value()).count();
    let _ = uri.headers().map(|header| header.decoded_value()).count();
}

/// The way to SIP and back. A user holds `:` only escaped, so that `:` and `%3A` come back alike
/// though they differ; and what is malformed may come back escaped.
fn tel(uri: &TelUri<&str>) {
    let Ok(sip) = uri.to_sip("h.example").build() else { return };
    let back = sip.to_tel();
    if uri.defects().is_empty() && !uri.as_str().contains('%') {
        assert!(back.is_ok_and(|back| back.equivalent(uri)), "{uri} {sip}");
    }
}
