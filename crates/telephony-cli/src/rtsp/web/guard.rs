//! Who may ask for something: the page itself. Not pages of other origins, nor names that point
//! here (DNS rebinding).

use std::net::{IpAddr, SocketAddr};

use hyper::Method;
use hyper::Request;
use hyper::header::{HOST, HeaderMap, ORIGIN};

/// Whether a request is let through, or why it is not.
pub(super) fn check<B>(request: &Request<B>, own: SocketAddr) -> Result<(), &'static str> {
    let headers = request.headers();
    let host = only(headers, HOST.as_str()).ok_or("one Host, please")?;
    if !is_own(host, own) {
        return Err("not the host of this page");
    }
    let site = only(headers, "sec-fetch-site");
    if request.method() == Method::POST {
        // Browsers tell the origin of every POST.
        let origin = only(headers, ORIGIN.as_str()).ok_or("the page only")?;
        if origin.strip_prefix("http://") != Some(host) {
            return Err("the page only");
        }
        if site.is_some_and(|site| site != "same-origin") {
            return Err("the page only");
        }
        return Ok(());
    }
    // Others may link to the page, but not use what it is made of.
    let is_link =
        request.uri().path() == "/" && only(headers, "sec-fetch-mode") == Some("navigate");
    match site {
        Some("cross-site" | "same-site") if !is_link => Err("the page only"),
        _ => Ok(()),
    }
}

/// The value of a header that comes once.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// Whether a Host is this server by address or as localhost: a name could be anybody's.
fn is_own(host: &str, own: SocketAddr) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
        _ => (host, Some(80)),
    };
    if port != Some(own.port()) {
        return false;
    }
    if name.eq_ignore_ascii_case("localhost") {
        return own.ip().is_loopback() || own.ip().is_unspecified();
    }
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    match bare.unwrap_or(name).parse::<IpAddr>() {
        Ok(address) => own.ip().is_unspecified() || address == own.ip(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_let_in(method: Method, path: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let own = SocketAddr::from(([127, 0, 0, 1], 8080));
        check(&request.body(()).unwrap(), own).is_ok()
    }

    #[test]
    fn names_that_point_here_are_not_the_host() {
        for (host, expected) in [
            ("127.0.0.1:8080", true),
            ("localhost:8080", true),
            ("LOCALHOST:8080", true),
            ("127.0.0.1", false),
            ("127.0.0.1:80", false),
            ("127.0.0.2:8080", false),
            ("evil.example:8080", false),
            ("127.0.0.1.evil.example:8080", false),
            ("[::1]:8080", false),
            ("", false),
        ] {
            assert_eq!(
                is_let_in(Method::GET, "/", &[("host", host)]),
                expected,
                "{host}"
            );
        }
        assert!(!is_let_in(Method::GET, "/", &[]));
        let twice = [("host", "localhost:8080"), ("host", "localhost:8080")];
        assert!(!is_let_in(Method::GET, "/", &twice));
    }

    #[test]
    fn only_the_page_posts() {
        let host = ("host", "localhost:8080");
        for (headers, expected) in [
            (&[host, ("origin", "http://localhost:8080")][..], true),
            (&[host], false),
            (&[host, ("origin", "null")], false),
            (&[host, ("origin", "http://127.0.0.1:8080")], false),
            (&[host, ("origin", "http://evil.example")], false),
            (&[host, ("origin", "https://localhost:8080")], false),
            (
                &[
                    host,
                    ("origin", "http://localhost:8080"),
                    ("sec-fetch-site", "cross-site"),
                ],
                false,
            ),
        ] {
            assert_eq!(
                is_let_in(Method::POST, "/action/stop", headers),
                expected,
                "{headers:?}"
            );
        }
    }

    #[test]
    fn other_sites_may_link_but_not_embed() {
        let cross = [("host", "localhost:8080"), ("sec-fetch-site", "cross-site")];
        let link = [cross[0], cross[1], ("sec-fetch-mode", "navigate")];
        assert!(is_let_in(Method::GET, "/", &link));
        assert!(!is_let_in(Method::GET, "/picture", &link));
        assert!(!is_let_in(Method::GET, "/picture", &cross));
        let own = [
            ("host", "localhost:8080"),
            ("sec-fetch-site", "same-origin"),
        ];
        assert!(is_let_in(Method::GET, "/picture", &own));
    }
}
