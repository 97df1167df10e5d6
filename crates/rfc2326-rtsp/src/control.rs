//! The URIs of a description's streams: Content-Base and `a=control` (RFC 2326 §C.1.1).

use alloc::string::String;

use rfc2396_uri::{ParseError, UriReference};

use crate::headers::ContentBase;
use crate::{HeaderName, MessageRef};

impl MessageRef<'_> {
    /// The URI of a stream, or of the presentation, that a description in this response names with
    /// `a=control`; `*` is the base itself. The base is Content-Base, else Content-Location, else
    /// the Request-URI that the response answers; a base that is relative is seen from that.
    ///
    /// References are resolved as RFC 2396 has it: from `rtsp://h/movie`, `audio` is
    /// `rtsp://h/audio`, from `rtsp://h/movie/` it is `rtsp://h/movie/audio`.
    ///
    /// ```
    /// let response = rfc2326_rtsp::Message::parse(
    ///     "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Base: rtsp://192.0.2.4/movie/\r\n\r\n",
    /// )?;
    /// let uri = response.view().control_uri("rtsp://192.0.2.4/movie", "audio")?;
    /// assert_eq!(uri, "rtsp://192.0.2.4/movie/audio");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the Request-URI is not absolute or `control` is no URI. A base that is none is left out.
    pub fn control_uri(self, request_uri: &str, control: &str) -> Result<String, ParseError> {
        let request = UriReference::parse(request_uri)?;
        let content_base = self.get::<ContentBase<'_>>().and_then(Result::ok);
        let location = self
            .first(HeaderName::ContentLocation)
            .and_then(|field| field.value_str());
        let base = content_base
            .map(|base| base.0)
            .into_iter()
            .chain(location)
            .filter_map(|base| UriReference::parse(base).ok())
            .find_map(|base| request.resolve(&base).ok());
        let base = match base {
            Some(base) => base,
            None => request.resolve(&UriReference::parse("")?)?,
        };
        if control == "*" {
            return Ok(base.as_str().into());
        }
        let target = base.resolve(&UriReference::parse(control)?)?;
        Ok(target.as_str().into())
    }
}

#[cfg(test)]
mod tests {
    use crate::Message;
    use alloc::format;
    use alloc::string::String;

    fn control(fields: &str, control: &str) -> Option<String> {
        let response = format!("RTSP/1.0 200 OK\r\nCSeq: 2\r\n{fields}\r\n");
        let response = Message::parse(response).unwrap();
        response
            .view()
            .control_uri("rtsp://h:554/film?key=1", control)
            .ok()
    }

    #[test]
    fn control_star_absolute_and_with_query() {
        let base = "Content-Base: rtsp://h:554/film/\r\n";
        for (fields, name, expected) in [
            (base, "*", "rtsp://h:554/film/"),
            (base, "track1", "rtsp://h:554/film/track1"),
            (base, "track1?x=y", "rtsp://h:554/film/track1?x=y"),
            (base, "rtsp://other/track1", "rtsp://other/track1"),
            (base, "/track1", "rtsp://h:554/track1"),
            (base, "", "rtsp://h:554/film/"),
            ("", "*", "rtsp://h:554/film?key=1"),
            ("", "track1", "rtsp://h:554/track1"),
        ] {
            assert_eq!(control(fields, name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(control(base, "a b"), None);
    }

    #[test]
    fn content_base_without_scheme_and_content_location() {
        for (fields, expected) in [
            ("Content-Base: /film/\r\n", "rtsp://h:554/film/track1"),
            ("Content-Base: <>\r\n", "rtsp://h:554/track1"),
            ("Content-Location: rtsp://h/a/\r\n", "rtsp://h/a/track1"),
            (
                "Content-Location: rtsp://h/a/\r\nContent-Base: rtsp://h/b/\r\n",
                "rtsp://h/b/track1",
            ),
        ] {
            assert_eq!(
                control(fields, "track1").as_deref(),
                Some(expected),
                "{fields}"
            );
        }
    }
}
