//! Where media was announced: by session descriptions in SIP, and by RTSP's SETUP.

use super::model::FoundBy;
use super::sdp::{Codecs, Sdp};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;

/// Addresses kept; a capture of that many is not looked at stream by stream.
const MOST_ADDRESSES: usize = 200_000;

/// What is known of the media received at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Announcement {
    pub(crate) by: FoundBy,
    pub(crate) call: Option<Rc<str>>,
    /// The signalling socket of whoever announced it first.
    pub(crate) owner: Option<SocketAddr>,
    pub(crate) codecs: Codecs,
    pub(crate) encrypted: bool,
    /// Only RTCP is received here.
    pub(crate) rtcp_only: bool,
}

/// The latest announcement of every address.
#[derive(Default)]
pub(crate) struct Announcements {
    by_address: HashMap<SocketAddr, Rc<Announcement>>,
    /// Grows with every announcement, so that whoever found nothing knows when to look again.
    pub(crate) generation: u64,
    pub(crate) left_out: u64,
}

impl Announcements {
    /// Takes in the description that a SIP message of `call` from `sender` bears.
    pub(crate) fn describe(&mut self, call: &str, sender: SocketAddr, sdp: &Sdp) {
        let call: Rc<str> = call.into();
        for medium in &sdp.media {
            let Some(rtp) = medium.rtp else { continue };
            // A proxy passes on what another announced.
            let known = self
                .by_address
                .get(&rtp)
                .filter(|known| known.call.as_ref() == Some(&call));
            let announcement = Announcement {
                by: FoundBy::Sdp,
                owner: known.and_then(|known| known.owner).or(Some(sender)),
                call: Some(call.clone()),
                codecs: medium.codecs.clone(),
                encrypted: medium.is_secure(),
                rtcp_only: false,
            };
            if let Some(rtcp) = medium.rtcp.filter(|rtcp| *rtcp != rtp) {
                self.announce(
                    rtcp,
                    Announcement {
                        rtcp_only: true,
                        ..announcement.clone()
                    },
                );
            }
            self.announce(rtp, announcement);
        }
    }

    pub(crate) fn announce(&mut self, address: SocketAddr, announcement: Announcement) {
        if self.by_address.len() >= MOST_ADDRESSES && !self.by_address.contains_key(&address) {
            self.left_out += 1;
            return;
        }
        self.by_address.insert(address, Rc::new(announcement));
        self.generation += 1;
    }

    /// Whose the two media sockets are, by their signalling sockets.
    pub(crate) fn owners(
        &self,
        src: SocketAddr,
        dst: SocketAddr,
    ) -> Option<(SocketAddr, SocketAddr)> {
        let owner = |address| self.by_address.get(&address).and_then(|found| found.owner);
        owner(src).zip(owner(dst))
    }

    /// What is announced for packets from `src` to `dst`: the receiver says what it understands;
    /// what only the sender announced is assumed to go both ways.
    pub(crate) fn find(&self, src: SocketAddr, dst: SocketAddr) -> Option<&Rc<Announcement>> {
        self.by_address
            .get(&dst)
            .or_else(|| self.by_address.get(&src))
    }
}
