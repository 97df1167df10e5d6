//! What a client takes from a session description: the first video in JPEG (RFC 2326 appendix C).

use rfc2326_rtsp::MessageRef;
use rfc4566_sdp::{Control, Parser};

use super::ClientError;

/// The payload type that RFC 3551 gives JPEG.
const STATIC: u8 = 26;

/// The stream to play.
#[derive(Debug, Clone)]
pub(super) struct Described {
    /// What SETUP is for.
    pub(super) stream: String,
    /// What PLAY, PAUSE and TEARDOWN are for.
    pub(super) presentation: String,
    /// The payload type of JPEG.
    pub(super) payload_type: u8,
}

impl Described {
    /// Reads the response to a DESCRIBE of `uri`.
    pub(super) fn read(response: MessageRef<'_>, uri: &str) -> Result<Self, ClientError> {
        let mut parser = Parser::new();
        let description = parser.parse(response.body());
        let description = description.map_err(|_| ClientError::Description)?;
        let resolve = |control: &str| response.control_uri(uri, control);
        for medium in description.media() {
            let Ok(field) = medium.field() else {
                continue;
            };
            let is_jpeg = |payload_type: &u8| match medium.rtpmap(*payload_type) {
                Ok(Some(rtpmap)) => {
                    rtpmap.encoding_name.eq_ignore_case("JPEG") && rtpmap.clock_rate == 90_000
                }
                _ => *payload_type == STATIC,
            };
            let Some(payload_type) = field.formats.payload_types().find(is_jpeg) else {
                continue;
            };
            let control = medium.section().attribute::<Control<'_>>().ok().flatten();
            let control = control.and_then(|control| control.0.as_str());
            let stream = resolve(control.unwrap_or("*")).map_err(|_| ClientError::Description)?;
            let whole = description
                .session()
                .attribute::<Control<'_>>()
                .ok()
                .flatten();
            let whole = whole.and_then(|control| control.0.as_str());
            // Without a control of the whole, each stream is controlled for itself.
            let presentation = whole.and_then(|control| resolve(control).ok());
            return Ok(Self {
                presentation: presentation.unwrap_or_else(|| stream.clone()),
                stream,
                payload_type,
            });
        }
        Err(ClientError::NoJpeg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rfc2326_rtsp::Message;

    fn read(description: &str) -> Result<Described, ClientError> {
        let response = format!(
            "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Base: rtsp://h/film/\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{description}",
            description.len()
        );
        let response = Message::parse(response).unwrap();
        Described::read(response.view(), "rtsp://h/film")
    }

    #[test]
    fn the_first_video_in_jpeg_is_found_by_either_kind_of_type() {
        let audio = "v=0\r\na=control:*\r\nm=audio 0 RTP/AVP 0\r\na=control:a\r\n";
        for (media, payload_type, stream) in [
            (
                "m=video 0 RTP/AVP 26\r\na=control:v\r\n",
                26,
                "rtsp://h/film/v",
            ),
            (
                "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n\
                 m=video 0 RTP/AVP 97\r\na=rtpmap:97 jpeg/90000\r\na=control:rtsp://h/film/w\r\n",
                97,
                "rtsp://h/film/w",
            ),
            ("m=video 0 RTP/AVP 26\r\n", 26, "rtsp://h/film/"),
        ] {
            let described = read(&format!("{audio}{media}")).unwrap();
            assert_eq!(described.payload_type, payload_type);
            assert_eq!(described.stream, stream);
            assert_eq!(described.presentation, "rtsp://h/film/");
        }
        let alone = read("v=0\r\nm=video 0 RTP/AVP 26\r\na=control:v\r\n").unwrap();
        assert_eq!(alone.presentation, alone.stream);
        assert!(matches!(read(audio), Err(ClientError::NoJpeg)));
        assert!(matches!(read("what"), Err(ClientError::Description)));
    }
}
