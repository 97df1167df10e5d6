//! The analysis as plain data: what the reports are written from, and the JSON document itself.
//! `docs/inspect-json.md` describes every member; a change here is a change there.

use serde::Serialize;
use std::collections::BTreeMap;

/// The number of the JSON document's form. It grows when a member changes its meaning or goes
/// away; members may be added without.
pub(crate) const SCHEMA: u32 = 1;

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) schema: u32,
    pub(crate) capture: Capture,
    pub(crate) packets: u64,
    pub(crate) undecoded: u64,
    pub(crate) undecoded_reasons: BTreeMap<&'static str, u64>,
    pub(crate) protocols: BTreeMap<&'static str, u64>,
    pub(crate) notes: Vec<String>,
    pub(crate) calls: Vec<Call>,
    pub(crate) registrations: Vec<Registration>,
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) streams: Vec<Stream>,
    pub(crate) rtcp: Vec<RtcpSource>,
    pub(crate) dtmf: Vec<Dtmf>,
    pub(crate) stun: Vec<StunTransaction>,
    pub(crate) rtsp: Vec<RtspSession>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Capture {
    pub(crate) file: String,
    pub(crate) format: &'static str,
    pub(crate) gzip: bool,
    pub(crate) links: Vec<String>,
    pub(crate) started: Option<String>,
    pub(crate) duration_s: f64,
    pub(crate) complete: bool,
    pub(crate) problems: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Call {
    pub(crate) call_id: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) state: CallState,
    pub(crate) status: Option<u16>,
    pub(crate) reason: Option<String>,
    pub(crate) time: f64,
    pub(crate) ringing_ms: Option<f64>,
    pub(crate) setup_ms: Option<f64>,
    pub(crate) duration_ms: Option<f64>,
    pub(crate) ended_by: Option<Side>,
    pub(crate) codecs: Vec<String>,
    pub(crate) forks: usize,
    pub(crate) re_invites: usize,
    pub(crate) cancelled: bool,
    pub(crate) authenticated: bool,
    pub(crate) encrypted: bool,
    pub(crate) retransmissions: u64,
    pub(crate) messages: Vec<Message>,
    pub(crate) messages_left_out: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CallState {
    /// Requests, and no answer beyond 100.
    Trying,
    /// A provisional answer came.
    Ringing,
    /// Answered, and not over when the capture ended.
    Established,
    /// Answered and ended by BYE.
    Ended,
    /// Given up by the caller.
    Cancelled,
    /// Answered with a final status of 300 or above.
    Failed,
    /// The capture holds only the middle or the end.
    Partial,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    Caller,
    Callee,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Message {
    pub(crate) time: f64,
    pub(crate) packet: u64,
    pub(crate) src: String,
    pub(crate) dst: String,
    pub(crate) transport: &'static str,
    pub(crate) summary: String,
    pub(crate) retransmission: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Registration {
    pub(crate) call_id: String,
    pub(crate) aor: String,
    pub(crate) registrar: String,
    pub(crate) contacts: Vec<String>,
    pub(crate) state: RegistrationState,
    pub(crate) authentication: Authentication,
    pub(crate) user: Option<String>,
    pub(crate) realm: Option<String>,
    pub(crate) algorithm: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) reason: Option<String>,
    pub(crate) expires_s: Option<u32>,
    pub(crate) time: f64,
    pub(crate) duration_ms: Option<f64>,
    pub(crate) messages: Vec<Message>,
    pub(crate) messages_left_out: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RegistrationState {
    Pending,
    Registered,
    Removed,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Authentication {
    /// Nobody asked for credentials.
    None,
    /// Asked for, and none were sent.
    Challenged,
    /// Sent and accepted.
    Accepted,
    /// Sent and not accepted.
    Refused,
    /// Sent; the answer is not in the capture.
    Unanswered,
}

/// A SIP request outside of calls and registrations, and its final answer.
#[derive(Debug, Serialize)]
pub(crate) struct Transaction {
    pub(crate) method: String,
    pub(crate) call_id: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) status: Option<u16>,
    pub(crate) reason: Option<String>,
    pub(crate) time: f64,
    pub(crate) duration_ms: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Stream {
    pub(crate) ssrc: String,
    pub(crate) src: String,
    pub(crate) dst: String,
    pub(crate) transport: &'static str,
    pub(crate) call_id: Option<String>,
    pub(crate) found_by: FoundBy,
    pub(crate) payload_types: Vec<u8>,
    pub(crate) codec: Option<String>,
    pub(crate) clock_rate: u32,
    pub(crate) clock_rate_assumed: bool,
    pub(crate) encrypted: bool,
    pub(crate) decrypted: u64,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) expected: u64,
    pub(crate) lost: i64,
    pub(crate) duplicates: u64,
    pub(crate) reordered: u64,
    pub(crate) restarts: u64,
    pub(crate) max_jitter_ms: f64,
    pub(crate) mean_jitter_ms: f64,
    pub(crate) max_media_jitter_ms: Option<f64>,
    pub(crate) mean_media_jitter_ms: Option<f64>,
    pub(crate) max_delta_ms: f64,
    pub(crate) mean_delta_ms: f64,
    pub(crate) time: f64,
    pub(crate) duration_ms: f64,
    pub(crate) red: Option<Red>,
    pub(crate) has_events: bool,
    /// The signalling sockets of sender and receiver, for the ladder.
    #[serde(skip)]
    pub(crate) ladder: Option<(String, String)>,
    /// For the plots of the HTML page only.
    #[serde(skip)]
    pub(crate) series: Vec<Sample>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FoundBy {
    /// Announced in a session description of a SIP message.
    Sdp,
    /// Announced by RTSP's SETUP.
    Rtsp,
    /// Several packets of one source that agree with each other.
    Heuristic,
    /// Shaped like RTP, but too few packets to be sure.
    Shape,
}

/// What redundant blocks (RFC 2198) a stream carried.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Red {
    pub(crate) packets: u64,
    pub(crate) malformed: u64,
    pub(crate) max_blocks: usize,
    pub(crate) primary_payload_types: Vec<u8>,
    pub(crate) recovered: u64,
}

/// One slice of a stream's life.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sample {
    /// Seconds since the stream's first packet.
    pub(crate) time: f64,
    pub(crate) packets: u32,
    pub(crate) lost: i32,
    pub(crate) max_jitter_ms: f32,
}

#[derive(Debug, Serialize)]
pub(crate) struct RtcpSource {
    pub(crate) ssrc: String,
    pub(crate) src: String,
    pub(crate) dst: String,
    pub(crate) call_id: Option<String>,
    pub(crate) cname: Option<String>,
    pub(crate) packets: u64,
    pub(crate) kinds: BTreeMap<String, u64>,
    pub(crate) reports: Vec<RtcpReport>,
    pub(crate) reports_left_out: u64,
    pub(crate) bye: bool,
    pub(crate) encrypted: bool,
}

/// What one report block says about the stream it names.
#[derive(Debug, Serialize)]
pub(crate) struct RtcpReport {
    pub(crate) time: f64,
    pub(crate) about: String,
    pub(crate) fraction_lost: f64,
    pub(crate) lost: i64,
    pub(crate) jitter_ms: Option<f64>,
    pub(crate) round_trip_ms: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Dtmf {
    pub(crate) ssrc: String,
    pub(crate) src: String,
    pub(crate) dst: String,
    pub(crate) call_id: Option<String>,
    pub(crate) digits: String,
    pub(crate) events: Vec<DtmfEvent>,
}

#[derive(Debug, Serialize)]
pub(crate) struct DtmfEvent {
    pub(crate) digit: String,
    pub(crate) event: u8,
    pub(crate) duration_ms: f64,
    pub(crate) volume_dbm0: Option<i16>,
    pub(crate) ended: bool,
    pub(crate) time: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct StunTransaction {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) src: String,
    pub(crate) dst: String,
    pub(crate) time: f64,
    pub(crate) outcome: StunOutcome,
    pub(crate) requests: u64,
    pub(crate) response_src: Option<String>,
    pub(crate) round_trip_ms: Option<f64>,
    pub(crate) mapped: Option<String>,
    pub(crate) relayed: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) software: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) classic: bool,
    pub(crate) fingerprint: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StunOutcome {
    Success,
    Error,
    Unanswered,
    /// An indication, which has no answer.
    Indication,
    /// A response whose request is not in the capture.
    Unasked,
}

#[derive(Debug, Serialize)]
pub(crate) struct RtspSession {
    pub(crate) client: String,
    pub(crate) server: String,
    pub(crate) uri: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) time: f64,
    pub(crate) state: RtspState,
    pub(crate) authentication: Authentication,
    pub(crate) user_agent: Option<String>,
    pub(crate) tracks: Vec<RtspTrack>,
    pub(crate) interleaved_packets: u64,
    pub(crate) messages: Vec<Message>,
    pub(crate) messages_left_out: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RtspState {
    Init,
    Ready,
    Playing,
    Recording,
    TornDown,
    Failed,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct RtspTrack {
    pub(crate) uri: String,
    pub(crate) transport: String,
    pub(crate) codec: Option<String>,
}

impl Report {
    /// Leaves only the call whose Call-ID is `id` or, if that is one only, begins with it; and
    /// what belongs to that call.
    pub(crate) fn keep_call(&mut self, id: &str) -> Result<(), String> {
        let exact = self.calls.iter().find(|call| call.call_id == id);
        let mut begun = self
            .calls
            .iter()
            .filter(|call| call.call_id.starts_with(id));
        let kept = match (exact, begun.next(), begun.next()) {
            (Some(call), ..) | (None, Some(call), None) => call.call_id.clone(),
            (None, None, _) => return Err(format!("no call has the Call-ID {id:?}")),
            (None, Some(_), Some(_)) => return Err(format!("several Call-IDs begin with {id:?}")),
        };
        let belongs = |call: &Option<String>| call.as_ref() == Some(&kept);
        self.calls.retain(|call| call.call_id == kept);
        self.streams.retain(|stream| belongs(&stream.call_id));
        self.rtcp.retain(|source| belongs(&source.call_id));
        self.dtmf.retain(|dtmf| belongs(&dtmf.call_id));
        self.registrations.clear();
        self.transactions.clear();
        self.stun.clear();
        self.rtsp.clear();
        Ok(())
    }
}
