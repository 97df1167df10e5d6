//! What the server answers to requests (RFC 2326 §10, appendix C).

use std::net::IpAddr;
use std::time::{Duration, Instant};

use rfc2326_rtsp::headers::{Delivery as Cast, NptTime, Pair, Range, RangeSpecifier, RtpInfo};
use rfc2326_rtsp::headers::{Scale, Speed, Transport};
use rfc2326_rtsp::{
    HeaderName, MessageRef, Method, Reply, ServerRequest, SessionKey, StatusCode, Target,
};
use rfc2396_uri::{UriReference, percent};
use rfc2617_auth::{Reason, Request as Credentials, Verdict};
use rfc4566_sdp::{Builder, Connection as SdpConnection, LineType, MediaField, Origin};

use super::stream::{Delivery, FrameRange, PAYLOAD_TYPE, Stream};
use super::{Observation, Running, StreamId, group_of, random};
use crate::rtsp::Presentation;
use crate::rtsp::movie::at;

/// What the stream of a presentation is called below it.
const TRACK: &str = "trackID=0";

/// A response, before it is sent.
struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    body: Option<Vec<u8>>,
}

impl Answer {
    fn new(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
        }
    }

    fn header(mut self, name: HeaderName, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

impl<O: FnMut(Observation)> Running<O> {
    /// Answers a request.
    pub(super) fn answer(&mut self, now: Instant, request: &ServerRequest) {
        let message = request.message.view();
        let Some(uri) = uri_of(message) else {
            self.respond(now, request, Answer::new(StatusCode::BAD_REQUEST), None);
            return;
        };
        if let Err(refusal) = self.authenticate(now, request, uri) {
            self.respond(now, request, refusal, None);
            return;
        }
        match message.method() {
            Some(Method::SETUP) => self.set_up(now, request, uri),
            Some(Method::TEARDOWN) => {
                self.respond(now, request, Answer::new(StatusCode::OK), None);
            }
            method => {
                let answer = match method {
                    Some(Method::DESCRIBE) => self.describe(message, uri),
                    Some(Method::PLAY) => self.play(now, request),
                    Some(Method::PAUSE) => self.pause(now, request),
                    // There are no parameters.
                    _ => Answer::new(StatusCode::PARAMETER_NOT_UNDERSTOOD),
                };
                self.respond(now, request, answer, None);
            }
        }
    }

    fn respond(
        &mut self,
        now: Instant,
        request: &ServerRequest,
        answer: Answer,
        presentation: Option<&str>,
    ) -> Option<SessionKey> {
        let mut headers: Vec<(HeaderName, &str)> = answer
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        headers.push((HeaderName::Server, "telephony"));
        let mut reply = Reply::new(answer.status).headers(&headers);
        reply.presentation = presentation;
        if let Some(body) = &answer.body {
            reply = reply.body("application/sdp", body);
        }
        match self.machine.respond(now, request.id, &reply) {
            Ok(session) => session,
            // What was asked for cannot be said back, such as a URI in RTP-Info.
            Err(_) => {
                let reply = Reply::new(StatusCode::BAD_REQUEST);
                let _ = self.machine.respond(now, request.id, &reply);
                None
            }
        }
    }

    fn authenticate(
        &mut self,
        now: Instant,
        request: &ServerRequest,
        uri: &str,
    ) -> Result<(), Answer> {
        let (Some(users), Some(digest)) = (&self.config.users, &mut self.digest) else {
            return Ok(());
        };
        let connection = self.connections.get(&request.connection);
        let Some(peer) = connection.map(|connection| connection.peer) else {
            return Err(Answer::new(StatusCode::UNAUTHORIZED));
        };
        let message = request.message.view();
        let time = now.saturating_duration_since(self.began);
        let origin = match peer.ip() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let credentials = Credentials {
            method: message.method().map_or("", Method::as_str),
            uri,
            body: message.body(),
        };
        let rows = message
            .fields_named(HeaderName::Authorization)
            .map(|field| field.value());
        let verdict = digest.verify(time, &origin, &credentials, rows, |claim| {
            users.secret(claim)
        });
        let reason = match verdict {
            Verdict::Accepted(_) => return Ok(()),
            Verdict::Challenge(reason) => reason,
            Verdict::Malformed(_) | Verdict::BadRequest(_) => {
                return Err(Answer::new(StatusCode::BAD_REQUEST));
            }
        };
        if reason == Reason::Rejected {
            (self.observe)(Observation::Unauthorized { peer });
        }
        let challenges = digest.challenges(time, &origin, reason);
        let answer = Answer::new(StatusCode::UNAUTHORIZED);
        Err(challenges.into_iter().fold(answer, |answer, challenge| {
            answer.header(HeaderName::WwwAuthenticate, challenge)
        }))
    }

    /// Which presentation a URI names.
    fn find(&self, uri: &str) -> Option<usize> {
        let reference = UriReference::parse(base_of(uri)).ok()?;
        let path = percent::decode_lossy(reference.path().trim_matches('/'));
        if path.is_empty() {
            return (!self.presentations.is_empty()).then_some(0);
        }
        let mut names = self.presentations.iter();
        names.position(|(name, _)| *name == path)
    }

    fn describe(&self, message: MessageRef<'_>, uri: &str) -> Answer {
        let Some((name, presentation)) = self
            .find(uri)
            .and_then(|index| self.presentations.get(index))
        else {
            return Answer::new(StatusCode::NOT_FOUND);
        };
        let accept = message
            .first(HeaderName::Accept)
            .and_then(|field| field.value_str());
        let accepts = |accept: &str| {
            ["application/sdp", "application/*", "*/*"]
                .iter()
                .any(|known| accept.contains(known))
        };
        if !accept.is_none_or(accepts) {
            return Answer::new(StatusCode::NOT_ACCEPTABLE);
        }
        let any = if self.local.is_ipv4() {
            ("IP4", "0.0.0.0")
        } else {
            ("IP6", "::")
        };
        match description(name, presentation, any, self.wall_clock.to_bits()) {
            Some(body) => Answer {
                body: Some(body),
                ..Answer::new(StatusCode::OK)
                    .header(HeaderName::ContentBase, format_args!("{}/", base_of(uri)))
            },
            None => Answer::new(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    fn set_up(&mut self, now: Instant, request: &ServerRequest, uri: &str) {
        let message = request.message.view();
        let refuse = |status| Answer::new(status);
        let plan = self
            .find(uri)
            .ok_or(StatusCode::NOT_FOUND)
            .and_then(|presentation| {
                let known = request
                    .session
                    .and_then(|session| self.sessions.get(&session));
                let is_playing =
                    known
                        .and_then(|(id, _)| self.streams.get(id))
                        .is_some_and(|stream| {
                            stream.is_playing() || stream.presentation != presentation
                        });
                if is_playing || request.session.is_some() && request.target == Target::Resource {
                    // Neither is a stream moved while it plays, nor has a session two.
                    return Err(StatusCode::METHOD_NOT_VALID_IN_THIS_STATE);
                }
                let mut transports = message.transports().flatten();
                let plan =
                    transports.find_map(|transport| self.plan(request, presentation, &transport));
                let plan = plan.ok_or(StatusCode::UNSUPPORTED_TRANSPORT)?;
                Ok((presentation, plan))
            });
        let (presentation, plan) = match plan {
            Ok(plan) => plan,
            Err(status) => {
                self.respond(now, request, refuse(status), None);
                return;
            }
        };
        let peer = self
            .connections
            .get(&request.connection)
            .map(|connection| connection.peer);
        let (Some(peer), Ok(seed)) = (peer, random()) else {
            self.respond(
                now,
                request,
                refuse(StatusCode::INTERNAL_SERVER_ERROR),
                None,
            );
            return;
        };
        let shared = plan
            .group
            .and_then(|group| self.groups.get(&group))
            .copied();
        let id = shared.unwrap_or_else(|| {
            let session = Stream::session(now, self.wall_clock_at(now), seed);
            let stream = Stream::new(presentation, uri.into(), plan.delivery, peer, session);
            let id = StreamId(self.next_stream);
            self.next_stream += 1;
            self.streams.insert(id, stream);
            id
        });
        let Some(ssrc) = self.streams.get(&id).map(|stream| stream.session.ssrc()) else {
            return;
        };
        let group = self
            .config
            .multicast
            .map(|multicast| multicast.group.ip().to_string());
        let mut transport = plan.transport;
        transport.ssrc = Some(ssrc);
        transport.destination = group.as_deref().filter(|_| plan.group.is_some());
        let text = transport.to_string();
        let answer = Answer::new(StatusCode::OK).header(HeaderName::Transport, &text);
        let begun = self.respond(now, request, answer, Some(base_of(uri)));
        let Some(session) = begun.or(request.session) else {
            if shared.is_none() {
                self.streams.remove(&id);
            }
            return;
        };
        // The stream that it had before, if it is set up anew.
        if begun.is_none() {
            self.end_session(now, session);
        }
        self.sessions.insert(session, (id, request.connection));
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.sessions.insert(session);
        }
        if let Some(group) = plan.group {
            self.groups.insert(group, id);
        } else if let Delivery::Udp { rtcp, .. } = plan.delivery {
            self.receivers.insert(rtcp, id);
        }
        self.with_stream(id, |_, _, _| {});
        let presentation = self.name(presentation);
        (self.observe)(Observation::SetUp {
            peer,
            presentation,
            transport: text,
        });
    }

    /// Whether a transport can be had, and how.
    fn plan<'a>(
        &self,
        request: &ServerRequest,
        presentation: usize,
        wanted: &Transport<'a>,
    ) -> Option<Plan<'a>> {
        let connection = self.connections.get(&request.connection)?;
        let is_rtp = wanted.protocol.eq_ignore_ascii_case("RTP")
            && wanted.profile.eq_ignore_ascii_case("AVP");
        let is_play = wanted.modes().all(|mode| mode == Method::PLAY);
        // Packets go to whoever asks for them and to nobody else.
        let is_own = wanted.destination.is_none_or(|destination| {
            destination.is_empty() || destination.parse() == Ok(connection.peer.ip())
        });
        if !is_rtp || !is_play {
            return None;
        }
        if wanted.is_tcp() {
            let pair = wanted.interleaved.unwrap_or(Pair {
                first: 0,
                last: None,
            });
            let last = pair.last.or(pair.first.checked_add(1))?;
            let is_taken = self.streams.values().any(|stream| match stream.delivery {
                Delivery::Interleaved {
                    connection,
                    rtp,
                    rtcp,
                } => {
                    let channels = [pair.first, last];
                    connection == request.connection
                        && (channels.contains(&rtp) || channels.contains(&rtcp))
                        && !request
                            .session
                            .is_some_and(|own| stream.sessions.contains(&own))
                }
                Delivery::Udp { .. } => false,
            });
            let delivery = Delivery::Interleaved {
                connection: request.connection,
                rtp: pair.first,
                rtcp: last,
            };
            return (!is_taken && pair.first != last && is_own).then(|| Plan {
                delivery,
                transport: Transport::interleaved(pair.first, last),
                group: None,
            });
        }
        if wanted.delivery_or_default() == Cast::Multicast {
            let multicast = self.config.multicast.as_ref()?;
            let (rtp, rtcp) = group_of(multicast, presentation);
            let mut transport = Transport::rtp_avp();
            transport.delivery = Some(Cast::Multicast);
            transport.port = Some(Pair {
                first: rtp.port(),
                last: Some(rtcp.port()),
            });
            transport.ttl = Some(multicast.ttl);
            return Some(Plan {
                delivery: Delivery::Udp { rtp, rtcp },
                transport,
                group: Some(presentation),
            });
        }
        let ports = wanted
            .client_port
            .filter(|pair| pair.first != 0 && is_own)?;
        let last = ports.last.or(ports.first.checked_add(1))?;
        let at = |port| (connection.peer.ip(), port).into();
        let mut transport = Transport::unicast(ports.first, last);
        let own = self.ports.port().ok()?;
        transport.server_port = Some(Pair {
            first: own,
            last: Some(own + 1),
        });
        Some(Plan {
            delivery: Delivery::Udp {
                rtp: at(ports.first),
                rtcp: at(last),
            },
            transport,
            group: None,
        })
    }

    fn play(&mut self, now: Instant, request: &ServerRequest) -> Answer {
        let refuse = |status| Answer::new(status);
        let found = request
            .session
            .and_then(|session| Some((session, *self.sessions.get(&session)?)));
        let Some((session, (id, _))) = found else {
            return refuse(StatusCode::SESSION_NOT_FOUND);
        };
        let message = request.message.view();
        let began = self.began;
        let played = self.with_stream(id, |stream, presentation, _| {
            let range = match message.range() {
                None => FrameRange {
                    start: None,
                    end: None,
                },
                Some(Ok(range)) => frames_of(&range, presentation)?,
                Some(Err(_)) => return Err(StatusCode::BAD_REQUEST),
            };
            let was_playing = stream.is_playing();
            let frames = presentation.source.frames();
            let is_over =
                frames.is_some_and(|frames| !presentation.repeats && stream.position() >= frames);
            let range = FrameRange {
                // Played to the end, it begins anew.
                start: range.start.or((is_over && !was_playing).then_some(0)),
                ..range
            };
            if !stream.play(now, began, presentation, range) {
                return Err(StatusCode::SERVICE_UNAVAILABLE);
            }
            stream.players.insert(session);
            let start = range.start.unwrap_or(stream.position());
            let is_live = frames.is_none();
            let mut info = RtpInfo::new(&stream.uri);
            if !was_playing {
                let media_time = stream.media_time(presentation.interval);
                info = info
                    .with_seq(stream.session.next_sequence_number().0)
                    .with_rtptime(stream.session.timestamp(media_time).0);
            }
            let from = (!is_live).then(|| at(start, presentation.interval));
            let end = range.end.map(|end| at(end, presentation.interval));
            let played = match from {
                Some(from) => Range::npt(from, end.or(presentation.duration())),
                None => live_range(),
            };
            Ok((info.to_string(), played.to_string(), from))
        });
        let (info, range, from) = match played {
            Some(Ok(played)) => played,
            Some(Err(status)) => return refuse(status),
            None => return refuse(StatusCode::SESSION_NOT_FOUND),
        };
        if let Some(stream) = self.streams.get(&id) {
            let observation = Observation::Playing {
                peer: stream.peer,
                presentation: self.name(stream.presentation),
                from,
            };
            (self.observe)(observation);
        }
        let mut answer = Answer::new(StatusCode::OK)
            .header(HeaderName::Range, range)
            .header(HeaderName::RtpInfo, info);
        // There is one speed, whatever is asked for.
        if message.get::<Scale>().is_some() {
            answer = answer.header(HeaderName::Scale, "1");
        }
        if message.get::<Speed>().is_some() {
            answer = answer.header(HeaderName::Speed, "1.0");
        }
        answer
    }

    fn pause(&mut self, _now: Instant, request: &ServerRequest) -> Answer {
        let found = request
            .session
            .and_then(|session| Some((session, *self.sessions.get(&session)?)));
        let Some((session, (id, _))) = found else {
            return Answer::new(StatusCode::SESSION_NOT_FOUND);
        };
        let message = request.message.view();
        let paused = self.with_stream(id, |stream, presentation, _| match message.range() {
            Some(Ok(range)) => match frames_of(&range, presentation)?.start {
                Some(point) if stream.pause_at(point) => Ok(point),
                _ => Err(StatusCode::INVALID_RANGE),
            },
            Some(Err(_)) => Err(StatusCode::BAD_REQUEST),
            None => {
                stream.players.remove(&session);
                // Others in the group go on.
                if stream.players.is_empty() {
                    stream.pause();
                }
                Ok(stream.position())
            }
        });
        match paused {
            Some(Ok(position)) => {
                self.observe_stopped(id);
                let stream = self.streams.get(&id);
                let presentation =
                    stream.and_then(|stream| self.presentations.get(stream.presentation));
                let answer = Answer::new(StatusCode::OK);
                match presentation {
                    Some((_, presentation)) if presentation.source.frames().is_some() => {
                        let point = Range::npt(at(position, presentation.interval), None);
                        answer.header(HeaderName::Range, point)
                    }
                    _ => answer,
                }
            }
            Some(Err(status)) => Answer::new(status),
            None => Answer::new(StatusCode::SESSION_NOT_FOUND),
        }
    }
}

/// How a stream is to be delivered.
struct Plan<'a> {
    delivery: Delivery,
    transport: Transport<'a>,
    /// The presentation whose group it is.
    group: Option<usize>,
}

fn uri_of(message: MessageRef<'_>) -> Option<&str> {
    std::str::from_utf8(message.request_uri_bytes()?).ok()
}

/// The URI of the presentation: without the stream, the query and slashes at the end.
fn base_of(uri: &str) -> &str {
    let uri = uri.split(['?', '#']).next().unwrap_or(uri);
    let uri = uri.trim_end_matches('/');
    uri.strip_suffix(TRACK).unwrap_or(uri).trim_end_matches('/')
}

/// The frames of a range.
fn frames_of(range: &Range<'_>, presentation: &Presentation) -> Result<FrameRange, StatusCode> {
    let RangeSpecifier::Npt { start, end } = range.specifier else {
        return Err(StatusCode::NOT_IMPLEMENTED);
    };
    let frame = |time: Duration| {
        let interval = presentation.interval.as_nanos().max(1);
        u64::try_from(time.as_nanos() / interval).unwrap_or(u64::MAX)
    };
    let is_live = presentation.source.frames().is_none();
    let start = match start {
        Some(NptTime::At(start)) if is_live && start.is_zero() => None,
        Some(NptTime::At(_)) if is_live => return Err(StatusCode::INVALID_RANGE),
        Some(NptTime::At(start)) => Some(frame(start)),
        Some(NptTime::Now) | None => None,
    };
    let end = match end {
        Some(NptTime::At(end)) if !is_live => Some(frame(end)),
        _ => None,
    };
    let frames = presentation.source.frames().unwrap_or(u64::MAX);
    let is_beyond = start.is_some_and(|start| !presentation.repeats && start >= frames);
    let is_empty = start.zip(end).is_some_and(|(start, end)| end <= start);
    if is_beyond || is_empty {
        return Err(StatusCode::INVALID_RANGE);
    }
    Ok(FrameRange { start, end })
}

/// `npt=now-`.
fn live_range() -> Range<'static> {
    Range {
        specifier: RangeSpecifier::Npt {
            start: Some(NptTime::Now),
            end: None,
        },
        time: None,
    }
}

/// The session description of a presentation (RFC 2326 appendix C).
fn description(
    name: &str,
    presentation: &Presentation,
    (addrtype, any): (&str, &str),
    version: u64,
) -> Option<Vec<u8>> {
    let version = version.to_string();
    let origin = Origin {
        username: "-".into(),
        sess_id: version.as_str().into(),
        sess_version: version.as_str().into(),
        nettype: "IN".into(),
        addrtype: addrtype.into(),
        unicast_address: any.into(),
    };
    let range = match presentation.duration() {
        Some(duration) => Range::npt(Duration::ZERO, Some(duration)),
        None => live_range(),
    };
    let line = |value: String| (LineType::ATTRIBUTE, value);
    let rate = 1.0 / presentation.interval.as_secs_f64();
    let mut builder = Builder::new(&origin);
    builder
        .session_name(name)
        .connection(&SdpConnection::internet(addrtype, any));
    for (kind, value) in [
        line("tool:telephony".into()),
        line("control:*".into()),
        line(format!("range:{range}")),
    ] {
        builder.line(kind, value.as_bytes());
    }
    builder.media(&MediaField {
        media: "video".into(),
        port: 0,
        port_count: None,
        proto: "RTP/AVP".into(),
        formats: rfc4566_sdp::Formats::default(),
    });
    builder.payload_type(PAYLOAD_TYPE);
    for (kind, value) in [
        line(format!("rtpmap:{PAYLOAD_TYPE} JPEG/90000")),
        line(format!("framerate:{}", (rate * 1000.0).round() / 1000.0)),
        line(format!("control:{TRACK}")),
    ] {
        builder.line(kind, value.as_bytes());
    }
    builder.finish_bytes().ok()
}
