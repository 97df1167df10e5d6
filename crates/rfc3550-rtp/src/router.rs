//! Which session a packet on a shared socket belongs to (RFC 3550 §5.2, §11; RFC 5761 §4).

mod index;
mod route;

use alloc::collections::{BTreeMap, VecDeque};
use core::net::SocketAddr;

pub use route::Route;

use crate::{PacketClass, RtpHeader, classify};
use index::Index;

/// How many SSRCs of a session are learned, the oldest being forgotten for more.
const MAX_LEARNED: usize = 32;

/// Finds the session of each packet that comes to a socket which several of them share, by its
/// address, SSRC and payload type.
///
/// [`route`](Self::route) changes nothing: a packet may be forged. Once a session has accepted
/// one, after SRTP where that is used, [`latch`](Self::latch) lets the router learn from it.
///
/// A packet goes to a session at its address: to the one that knows its SSRC, or else the only
/// one that takes its payload type, or else the only one there. If there is none at the address,
/// it goes to one that may still latch: the one that names its SSRC, or else the only one that
/// takes its payload type. If that finds none either, or several, it goes to the catch-all.
///
/// ```
/// use rfc3550_rtp::{Route, RtpPacketBuilder, SessionRouter};
///
/// let mut router = SessionRouter::new(100);
/// router.add(1, Route::new().payload_types([0, 101]).latching());
/// router.add(2, Route::new().payload_types([96]).latching());
///
/// let video = RtpPacketBuilder::new().payload_type(96).ssrc(7).to_vec()?;
/// let from = "192.0.2.1:4000".parse()?;
/// assert_eq!(router.route(from, &video), Some(2));
/// router.latch(2, from, 7);
/// // From now on, no other address will do.
/// assert_eq!(router.route("192.0.2.9:4000".parse()?, &video), None);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SessionRouter<K> {
    limit: usize,
    catch_all: Option<K>,
    sessions: BTreeMap<K, Session>,
    /// By address, `None` being those that may still latch.
    at: Index<Option<SocketAddr>, K>,
    ssrc_at: Index<(Option<SocketAddr>, u32), K>,
    /// By payload type, `None` being those that take any.
    type_at: Index<(Option<SocketAddr>, Option<u8>), K>,
}

#[derive(Debug, Clone)]
struct Session {
    route: Route,
    /// The address that proved right.
    latched: Option<SocketAddr>,
    learned: VecDeque<u32>,
}

impl Session {
    /// Where it is looked for: at its address, and among those that may still latch.
    fn places(&self) -> impl Iterator<Item = Option<SocketAddr>> + use<> {
        let waits = self.route.latching && self.latched.is_none();
        let address = self.latched.or(self.route.address);
        let at = address.map(Some);
        at.into_iter().chain(waits.then_some(None))
    }
}

impl<K: Ord + Copy> SessionRouter<K> {
    /// A router for at most `limit` sessions.
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            catch_all: None,
            sessions: BTreeMap::new(),
            at: Index::new(),
            ssrc_at: Index::new(),
            type_at: Index::new(),
        }
    }

    /// Adds a session, or tells of another route for it; what was learned of it is forgotten.
    /// False when there are too many.
    pub fn add(&mut self, key: K, route: Route) -> bool {
        self.remove(key);
        if self.sessions.len() >= self.limit {
            return false;
        }
        let session = Session {
            route,
            latched: None,
            learned: VecDeque::new(),
        };
        self.enter(key, &session);
        self.sessions.insert(key, session);
        true
    }

    /// Removes a session.
    pub fn remove(&mut self, key: K) {
        if let Some(session) = self.sessions.remove(&key) {
            self.strike(key, &session);
        }
    }

    /// The session that takes what no other does; it need not have a route.
    pub fn set_catch_all(&mut self, key: Option<K>) {
        self.catch_all = key;
    }

    /// The session of a datagram, RTP or RTCP, encrypted or not. `None` when it is neither, or
    /// nobody takes it.
    pub fn route(&self, from: SocketAddr, datagram: &[u8]) -> Option<K> {
        let (ssrc, payload_type) = match classify(datagram)? {
            PacketClass::Rtp => {
                let header = RtpHeader::parse(datagram).ok()?;
                (header.ssrc, Some(header.payload_type))
            }
            PacketClass::Rtcp => {
                let ssrc = datagram.get(4..)?.first_chunk()?;
                (u32::from_be_bytes(*ssrc), None)
            }
        };
        self.find(from, ssrc, payload_type).or(self.catch_all)
    }

    /// All sessions at an address, for whoever can tell from the rest of a packet, such as the
    /// sources that a report is about.
    pub fn sessions_at(&self, address: SocketAddr) -> impl Iterator<Item = K> {
        self.at.all(&Some(address))
    }

    /// Learns from a packet that the session has accepted: its address, if the session may latch
    /// and has not done so, and its SSRC. Whether the session is at that address.
    pub fn latch(&mut self, key: K, from: SocketAddr, ssrc: u32) -> bool {
        let Some(mut session) = self.sessions.remove(&key) else {
            return false;
        };
        let known = session.route.ssrcs.contains(&ssrc) || session.learned.contains(&ssrc);
        let waits = session.route.latching && session.latched.is_none();
        let here = waits || session.latched.or(session.route.address) == Some(from);
        if here && (waits || !known) {
            self.strike(key, &session);
            session.latched = Some(from);
            if !known {
                if session.learned.len() >= MAX_LEARNED {
                    session.learned.pop_front();
                }
                session.learned.push_back(ssrc);
            }
            self.enter(key, &session);
        }
        self.sessions.insert(key, session);
        here
    }

    /// Forgets what was learned of a session: its address is to be found anew.
    pub fn unlatch(&mut self, key: K) {
        if let Some(mut session) = self.sessions.remove(&key) {
            self.strike(key, &session);
            session.latched = None;
            session.learned.clear();
            self.enter(key, &session);
            self.sessions.insert(key, session);
        }
    }

    fn find(&self, from: SocketAddr, ssrc: u32, payload_type: Option<u8>) -> Option<K> {
        let place = |place: Option<SocketAddr>| {
            let of_type = |payload_type| self.type_at.only(&(place, payload_type));
            self.ssrc_at
                .only(&(place, ssrc))
                .or_else(|| payload_type.and_then(|payload_type| of_type(Some(payload_type))))
                .or_else(|| payload_type.and_then(|_| of_type(None)))
        };
        if self.sessions_at(from).next().is_some() {
            return place(Some(from)).or_else(|| self.at.only(&Some(from)));
        }
        place(None)
    }

    fn enter(&mut self, key: K, session: &Session) {
        for place in session.places() {
            self.at.insert(place, key);
            for &ssrc in session.route.ssrcs.iter().chain(&session.learned) {
                self.ssrc_at.insert((place, ssrc), key);
            }
            for payload_type in session.route.types() {
                self.type_at.insert((place, payload_type), key);
            }
        }
    }

    fn strike(&mut self, key: K, session: &Session) {
        for place in session.places() {
            self.at.remove(place, key);
            for &ssrc in session.route.ssrcs.iter().chain(&session.learned) {
                self.ssrc_at.remove((place, ssrc), key);
            }
            for payload_type in session.route.types() {
                self.type_at.remove((place, payload_type), key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ByeBuilder, RtcpWrite, RtpPacketBuilder};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn rtp(ssrc: u32, payload_type: u8) -> Vec<u8> {
        let packet = RtpPacketBuilder::new()
            .ssrc(ssrc)
            .payload_type(payload_type);
        packet.to_vec().unwrap()
    }

    fn rtcp(ssrc: u32) -> Vec<u8> {
        ByeBuilder::new(&[ssrc]).to_vec().unwrap()
    }

    #[test]
    fn an_address_with_one_session_is_enough() {
        let mut router = SessionRouter::new(9);
        router.add('a', Route::new().address(address(1)).payload_types([0]));
        router.add('b', Route::new().address(address(2)).payload_types([0]));
        for datagram in [rtp(5, 0), rtp(6, 99), rtcp(7)] {
            assert_eq!(router.route(address(1), &datagram), Some('a'));
            assert_eq!(router.route(address(2), &datagram), Some('b'));
            assert_eq!(router.route(address(3), &datagram), None);
        }
        router.remove('a');
        assert_eq!(router.route(address(1), &rtp(5, 0)), None);
    }

    #[test]
    fn sessions_at_one_address_are_told_by_ssrc_then_by_payload_type() {
        let mut router = SessionRouter::new(9);
        let at = || Route::new().address(address(1));
        router.add('a', at().payload_types([0, 96]));
        router.add('b', at().payload_types([8, 96]).ssrcs([7]));
        let route =
            |router: &SessionRouter<char>, datagram: &[u8]| router.route(address(1), datagram);
        assert_eq!(route(&router, &rtp(1, 0)), Some('a'));
        assert_eq!(route(&router, &rtp(1, 8)), Some('b'));
        assert_eq!(route(&router, &rtp(7, 0)), Some('b'));
        assert_eq!(route(&router, &rtp(7, 96)), Some('b'));
        // Nothing tells.
        assert_eq!(route(&router, &rtp(1, 96)), None);
        assert_eq!(route(&router, &rtcp(1)), None);
        assert!(router.sessions_at(address(1)).eq(['a', 'b']));
        // What its payload type has told is known from then on, in RTCP as well.
        assert!(router.latch('a', address(1), 1));
        assert_eq!(route(&router, &rtp(1, 96)), Some('a'));
        assert_eq!(route(&router, &rtcp(1)), Some('a'));
        assert_eq!(route(&router, &rtcp(7)), Some('b'));
    }

    #[test]
    fn the_first_address_that_proves_right_is_kept() {
        let mut router = SessionRouter::new(9);
        let route = Route::new()
            .address(address(1))
            .payload_types([0])
            .latching();
        router.add('a', route);
        // A packet by itself changes nothing.
        assert_eq!(router.route(address(2), &rtp(5, 0)), Some('a'));
        assert_eq!(router.route(address(3), &rtp(6, 0)), Some('a'));
        assert_eq!(router.route(address(2), &rtp(5, 8)), None);
        assert!(router.latch('a', address(2), 5));
        assert_eq!(router.route(address(2), &rtp(5, 0)), Some('a'));
        for elsewhere in [1, 3] {
            assert_eq!(router.route(address(elsewhere), &rtp(5, 0)), None);
            assert!(!router.latch('a', address(elsewhere), 5));
        }
        router.unlatch('a');
        assert_eq!(router.route(address(3), &rtp(5, 0)), Some('a'));
        assert_eq!(router.route(address(1), &rtp(5, 0)), Some('a'));
    }

    #[test]
    fn sessions_that_wait_are_told_by_ssrc_then_by_payload_type() {
        let mut router = SessionRouter::new(9);
        router.add('a', Route::new().payload_types([0]).latching());
        router.add('b', Route::new().payload_types([0]).ssrcs([7]).latching());
        router.add('c', Route::new().payload_types([8]).latching());
        router.add('d', Route::new().payload_types([9]));
        let from = address(1);
        assert_eq!(router.route(from, &rtp(7, 0)), Some('b'));
        assert_eq!(router.route(from, &rtp(6, 0)), None);
        assert_eq!(router.route(from, &rtp(6, 8)), Some('c'));
        assert_eq!(router.route(from, &rtcp(7)), Some('b'));
        assert_eq!(router.route(from, &rtcp(6)), None);
        // One that may not latch and has no address is never found.
        assert_eq!(router.route(from, &rtp(6, 9)), None);
        // One that takes any type is found where no other is.
        router.add('e', Route::new().latching());
        assert_eq!(router.route(from, &rtp(6, 50)), Some('e'));
        assert_eq!(router.route(from, &rtp(6, 8)), Some('c'));
    }

    #[test]
    fn the_catch_all_takes_the_rest() {
        let mut router = SessionRouter::new(9);
        router.add('a', Route::new().address(address(1)));
        router.set_catch_all(Some('z'));
        assert_eq!(router.route(address(1), &rtp(1, 0)), Some('a'));
        assert_eq!(router.route(address(2), &rtp(1, 0)), Some('z'));
        assert_eq!(router.route(address(2), &rtcp(1)), Some('z'));
        // But not what is neither RTP nor RTCP.
        for datagram in [&[][..], &[0, 1, 0, 0], &[0x80, 0, 0], &[0x80, 200, 0, 1, 5]] {
            assert_eq!(router.route(address(2), datagram), None);
        }
    }

    #[test]
    fn sessions_and_what_is_learned_of_them_are_bounded() {
        let mut router = SessionRouter::new(2);
        assert!(router.add(1, Route::new()) && router.add(2, Route::new()));
        assert!(!router.add(3, Route::new()));
        let at = Route::new().address(address(1));
        assert!(router.add(2, at.clone()) && router.add(1, at));
        for ssrc in 0..1000 {
            assert!(router.latch(1, address(1), ssrc));
        }
        let known = |ssrc: &u32| router.route(address(1), &rtp(*ssrc, 0)).is_some();
        assert_eq!((0..1000).filter(known).count(), MAX_LEARNED);
        assert!(known(&999));
    }

    proptest! {
        #[test]
        fn nothing_is_left_of_sessions_that_are_gone(
            steps in prop::collection::vec((0u8..4, 0u16..3, 0u32..3, 0usize..5), 0..60),
        ) {
            let mut router = SessionRouter::new(3);
            for (key, port, ssrc, action) in steps {
                match action {
                    0 => { router.add(key, Route::new().address(address(port)).ssrcs([ssrc])); }
                    1 => { router.add(key, Route::new().payload_types([key]).latching()); }
                    2 => { router.latch(key, address(port), ssrc); }
                    3 => router.unlatch(key),
                    _ => router.remove(key),
                }
                if let Some(found) = router.route(address(port), &rtp(ssrc, key)) {
                    prop_assert!(router.sessions.contains_key(&found));
                }
            }
            for key in 0..4 {
                router.remove(key);
            }
            prop_assert!(router.at.is_empty() && router.ssrc_at.is_empty() && router.type_at.is_empty());
        }
    }
}
