//! The offers and answers of a call (RFC 3264, RFC 3261 §13.2.1, §14).

use rfc3264_offer_answer::{
    Address, AgreedStream, Config, Session, State, Stream, StreamId, UsageError, Violation,
};

use super::{AgentConfig, AgentError, MediaAddress};
use crate::random::Random;

/// The only stream of a call.
const AUDIO: StreamId = StreamId(0);

/// What was offered, answered and agreed on.
#[derive(Debug)]
pub(super) struct Exchange {
    /// As it was agreed on last.
    stable: Session,
    /// With the offer that is open, if there is one of ours.
    offered: Option<Session>,
    /// What we want.
    stream: Stream,
    /// What we wanted before the offer that is open.
    before: Option<Stream>,
}

impl Exchange {
    /// An exchange in which nothing was said. `secure` tells whether an offer is of encrypted
    /// media where that is optional.
    pub(super) fn new(
        config: &AgentConfig,
        random: &mut Random,
        media: MediaAddress,
        secure: bool,
    ) -> Result<Self, UsageError> {
        let address = Address::from(media.rtp.ip());
        let [a, b, c, d, ..] = *random.bytes();
        let session_id = u32::from_be_bytes([a, b, c, d]);
        let mut stream = Stream::new(AUDIO, "audio", address.clone(), media.rtp.port());
        stream.rtcp_port = media.rtcp_port;
        stream.rtcp_mux = config.rtcp_mux;
        stream.ptime = config.ptime;
        stream.codecs.clone_from(&config.codecs);
        let mut stream = stream.with_telephone_events("0-15");
        config
            .security
            .prepare(*random.bytes(), secure, &mut stream);
        Ok(Self {
            stable: Session::new(Config::new(address, session_id.into()))?,
            offered: None,
            stream,
            before: None,
        })
    }

    /// Our offer. One that was open before is given up.
    pub(super) fn offer(&mut self) -> Result<String, UsageError> {
        let mut session = self.stable.clone();
        let offer = session.create_offer(core::slice::from_ref(&self.stream))?;
        let offer = offer.to_string();
        self.offered = Some(session);
        Ok(offer)
    }

    /// Takes an answer to our offer. Another one may follow as long as that is open: each branch
    /// of a fork has its own.
    pub(super) fn take_answer(&mut self, answer: &[u8]) -> Result<(), Violation> {
        let Some(mut session) = self.offered.clone() else {
            return self.stable.receive_answer(answer);
        };
        session.receive_answer(answer)?;
        self.stable = session;
        Ok(())
    }

    /// Our offer, with the peer on hold or not.
    pub(super) fn offer_hold(&mut self, on_hold: bool) -> Result<String, UsageError> {
        let before = self.stream.clone();
        self.stream.on_hold = on_hold;
        let offer = self.offer();
        match offer {
            Ok(_) => self.before = Some(before),
            Err(_) => self.stream = before,
        }
        offer
    }

    /// Our offer has had its final answer.
    pub(super) fn close(&mut self) {
        self.offered = None;
        self.before = None;
    }

    /// Our offer is off: all is as it was before.
    pub(super) fn give_up(&mut self) {
        self.offered = None;
        if let Some(before) = self.before.take() {
            self.stream = before;
        }
    }

    /// Whether our offer is open.
    pub(super) fn is_offering(&self) -> bool {
        self.offered.is_some()
    }

    /// Takes the peer's offer, which [`answer`](Self::answer) is for.
    pub(super) fn take_offer(&mut self, offer: &[u8]) -> Result<(), Violation> {
        if self.stable.state() == State::HaveRemoteOffer {
            // The one before was never answered.
            let _ = self.stable.rollback();
        }
        self.stable.receive_offer(offer)
    }

    /// Our answer to the peer's offer.
    pub(super) fn answer(&mut self) -> Result<String, AgentError> {
        let streams = core::slice::from_ref(&self.stream);
        match self.stable.create_answer(streams) {
            Ok(answer) => Ok(answer.to_string()),
            Err(error) => {
                let _ = self.stable.rollback();
                Err(error.into())
            }
        }
    }

    /// Whether we have put the peer on hold, or want to.
    pub(super) fn is_on_hold(&self) -> bool {
        self.stream.on_hold
    }

    /// What was agreed on.
    pub(super) fn agreed(&self) -> Option<&AgreedStream> {
        self.stable.stream(AUDIO)
    }
}
