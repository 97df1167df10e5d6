//! What is in the bodies of messages.

use core::time::Duration;

use rfc3261_sip::MessageRef;

/// The session description of a message: its body, or a part of it.
pub(super) fn session_description(message: MessageRef<'_>) -> Option<&[u8]> {
    let body = message.body();
    if body.is_empty() {
        return None;
    }
    if let Some(Ok(parts)) = message.parts() {
        let mut parts = parts;
        let part = parts.find(|part| {
            part.content_type()
                .is_ok_and(|content_type| content_type.is("application", "sdp"))
        });
        return part.map(|part| part.body());
    }
    match message.content_type() {
        Ok(content_type) => content_type.is("application", "sdp").then_some(body),
        // There must be one, but not all who send a description say so.
        Err(_) => body.starts_with(b"v=").then_some(body),
    }
}

/// The digit in a body of type `application/dtmf-relay`, with how long it lasts, or
/// `application/dtmf`: what gateways send by INFO.
pub(super) fn digit(message: MessageRef<'_>) -> Option<(char, Duration)> {
    let content_type = message.content_type().ok()?;
    let body = core::str::from_utf8(message.body()).ok()?;
    let mut signal = None;
    let mut duration = 100;
    if content_type.is("application", "dtmf-relay") {
        for line in body.lines() {
            let Some((name, value)) = line.split_once('=') else {
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            if name.eq_ignore_ascii_case("signal") {
                signal = Some(value);
            } else if name.eq_ignore_ascii_case("duration") {
                duration = value.parse().ok()?;
            }
        }
    } else if content_type.is("application", "dtmf") {
        signal = Some(body.trim());
    }
    let signal = match signal? {
        "10" => "*",
        "11" => "#",
        signal => signal,
    };
    let mut signal = signal.chars();
    let digit = signal.next().filter(|_| signal.next().is_none())?;
    Some((
        digit,
        Duration::from_millis(u64::from(duration.min(60_000_u32))),
    ))
}

/// The body of type `application/dtmf-relay` for a digit.
pub(super) fn dtmf_relay(digit: char, duration: Duration) -> String {
    format!("Signal={digit}\r\nDuration={}\r\n", duration.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rfc3261_sip::Message;

    fn info(content_type: &str, body: &str) -> Message {
        let text = format!(
            "INFO sip:a@192.0.2.1 SIP/2.0\r\n\
             Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1\r\n\
             From: <sip:b@192.0.2.2>;tag=1\r\n\
             To: <sip:a@192.0.2.1>;tag=2\r\n\
             Call-ID: 1\r\n\
             CSeq: 1 INFO\r\n\
             {content_type}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Message::parse(text.into_bytes()).unwrap()
    }

    #[test]
    fn digits_in_both_forms() {
        let relay = "Content-Type: application/dtmf-relay\r\n";
        let plain = "Content-Type: application/dtmf\r\n";
        let found = |content_type, body| digit(info(content_type, body).view());
        let millis = Duration::from_millis;
        for (content_type, body, wanted) in [
            (
                relay,
                "Signal=5\r\nDuration=160\r\n",
                Some(('5', millis(160))),
            ),
            (
                relay,
                "Signal= *\r\nDuration= 250",
                Some(('*', millis(250))),
            ),
            (relay, "Signal=11\n", Some(('#', millis(100)))),
            (relay, "Duration=160\r\n", None),
            (relay, "Signal=5\r\nDuration=x\r\n", None),
            (plain, "7", Some(('7', millis(100)))),
            (plain, "77", None),
            ("", "7", None),
        ] {
            assert_eq!(found(content_type, body), wanted, "{body:?}");
        }
        let own = dtmf_relay('#', millis(120));
        assert_eq!(found(relay, &own), Some(('#', millis(120))));
    }

    #[test]
    fn a_description_is_found_alone_and_among_other_parts() {
        let sdp = "v=0\r\n";
        let found = |content_type, body| {
            let message = info(content_type, body);
            session_description(message.view()).map(<[u8]>::to_vec)
        };
        let wanted = Some(sdp.as_bytes().to_vec());
        assert_eq!(found("Content-Type: application/sdp\r\n", sdp), wanted);
        assert_eq!(found("", sdp), wanted);
        assert_eq!(found("", "hello"), None);
        assert_eq!(found("Content-Type: text/plain\r\n", sdp), None);
        let parts = "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n\
                     --b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n--b--\r\n";
        let mixed = "Content-Type: multipart/mixed;boundary=b\r\n";
        assert_eq!(found(mixed, parts), wanted);
    }
}
