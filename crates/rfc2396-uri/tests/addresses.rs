//! Addresses as a user of the crate reads them.

use rfc2396_uri::*;
#[test]
fn t() {
    let (a, n) = NameAddr::parse_prefix("sip:p666@10.106.171.88:5094;+g=\"<x>\"").unwrap();
    assert_eq!(n, 27);
    let Uri::Sip(u) = a.uri() else { panic!() };
    assert_eq!(
        (u.user(), u.port(), u.password()),
        (Some("p666"), Some(5094), None)
    );
    assert!(u.host().is_ipv4());
    let (a, n) = NameAddr::parse_prefix_of_one("sip:bond,james@example.com").unwrap();
    assert_eq!(
        (n, a.uri().as_sip().unwrap().user()),
        (26, Some("bond,james"))
    );
    let u = SipUri::parse(
        "sip:+358-555-1234567;postd=pp22:pw@[2001:db8::1]:5070;user=phone;lr?a=b&c=d",
    )
    .unwrap();
    assert_eq!(u.password(), Some("pw"));
    assert_eq!(u.user(), Some("+358-555-1234567;postd=pp22"));
    assert_eq!(u.parameters().count(), 2);
    assert_eq!(u.headers().count(), 2);
    assert_eq!(u.host_str(), "[2001:db8::1]");
    let t = TelUri::parse("tel:863-1234;phone-context=+1-914-555").unwrap();
    assert_eq!(t.phone_context(), Some("+1-914-555"));
    let r = UriReference::parse("rtsp://u@h:554/a/b?q#f").unwrap();
    assert_eq!(
        (
            r.scheme(),
            r.userinfo(),
            r.port(),
            r.path(),
            r.query(),
            r.fragment()
        ),
        (
            Some("rtsp"),
            Some("u"),
            Some(554),
            "/a/b",
            Some("q"),
            Some("f")
        )
    );
}
