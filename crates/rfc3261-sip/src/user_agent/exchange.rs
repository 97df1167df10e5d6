//! What is under way between the two sides of a call, and what that leaves room for: offers that
//! cross each other (RFC 3261 §14, RFC 3311 §5).
//!
//! ```text
//!   under way            INVITE    INVITE       UPDATE    UPDATE      this side may send
//!                        comes     comes with   comes     comes with  INVITE  UPDATE  UPDATE with
//!                                  an offer               an offer                    an offer
//!   nothing              take      take         take      take        yes     yes     yes
//!   INVITE of this side  491       491          take      take        no      yes     yes
//!   INVITE of the other  500       500          take      take        no      yes     yes
//!   UPDATE of this side  take      take         take      take        yes     no      no
//!   UPDATE of the other  take      take         500       500         yes     yes     yes
//!   offer of this side   take      491          take      491         no      yes     no
//!   offer of the other   take      500          take      500         no      yes     no
//! ```
//!
//! Where several things are under way, the strictest line counts, 500 before 491.

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Exchange {
    /// An INVITE of this side has no final response.
    pub(super) our_invite: bool,
    /// An INVITE of the other side has no final response.
    pub(super) their_invite: bool,
    /// An UPDATE of this side has no final response.
    pub(super) our_update: bool,
    /// An UPDATE of the other side has no final response.
    pub(super) their_update: bool,
    pub(super) offer: Offer,
}

/// Whose offer has no answer yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Offer {
    /// There is none.
    #[default]
    None,
    /// That of this side.
    Ours,
    /// That of the other side.
    Theirs,
}

/// A request that changes the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    /// INVITE, or UPDATE.
    pub(super) invite: bool,
    /// It has an offer in it.
    pub(super) offer: bool,
}

/// What becomes of a request that changes the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is for the user.
    Take,
    /// 491: what this side has sent was first, for this side.
    Pending,
    /// 500 with Retry-After: what the other side has sent before has no answer yet.
    Later,
}

impl Exchange {
    /// What becomes of a request that comes now.
    pub(super) const fn admit(self, arrival: Arrival) -> Admission {
        let same_method = match arrival.invite {
            true => self.their_invite,
            false => self.their_update,
        };
        if same_method || (arrival.offer && matches!(self.offer, Offer::Theirs)) {
            return Admission::Later;
        }
        if (arrival.invite && self.our_invite)
            || (arrival.offer && matches!(self.offer, Offer::Ours))
        {
            return Admission::Pending;
        }
        Admission::Take
    }

    /// Whether this side may send such a request now.
    pub(super) const fn allows(self, request: Arrival) -> bool {
        let no_offer = matches!(self.offer, Offer::None);
        match request.invite {
            true => !self.our_invite && !self.their_invite && no_offer,
            false => !self.our_update && (no_offer || !request.offer),
        }
    }

    /// A session description has gone out: an offer, or the answer to theirs.
    pub(super) fn description_sent(&mut self) {
        self.offer = match self.offer {
            Offer::Theirs => Offer::None,
            Offer::None | Offer::Ours => Offer::Ours,
        };
    }

    /// A session description has come in: an offer, or the answer to ours.
    pub(super) fn description_received(&mut self) {
        self.offer = match self.offer {
            Offer::Ours => Offer::None,
            Offer::None | Offer::Theirs => Offer::Theirs,
        };
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String};

    use super::*;

    const ARRIVALS: [Arrival; 4] = [
        Arrival {
            invite: true,
            offer: false,
        },
        Arrival {
            invite: true,
            offer: true,
        },
        Arrival {
            invite: false,
            offer: false,
        },
        Arrival {
            invite: false,
            offer: true,
        },
    ];

    /// The lines of the table, and what is under way in each.
    fn lines() -> [(&'static str, Exchange); 7] {
        let nothing = Exchange::default();
        let with = |change: fn(&mut Exchange)| {
            let mut exchange = nothing;
            change(&mut exchange);
            exchange
        };
        [
            ("nothing", nothing),
            ("our INVITE", with(|found| found.our_invite = true)),
            ("their INVITE", with(|found| found.their_invite = true)),
            ("our UPDATE", with(|found| found.our_update = true)),
            ("their UPDATE", with(|found| found.their_update = true)),
            ("our offer", with(|found| found.offer = Offer::Ours)),
            ("their offer", with(|found| found.offer = Offer::Theirs)),
        ]
    }

    #[test]
    fn every_cell() {
        let mut cells = String::new();
        for (name, exchange) in lines() {
            let admitted = ARRIVALS.map(|arrival| exchange.admit(arrival));
            let [invite, _, update, offer] = ARRIVALS.map(|arrival| exchange.allows(arrival));
            cells += &format!("{name}: {admitted:?} {:?}\n", [invite, update, offer]);
        }
        assert_eq!(
            cells,
            "nothing: [Take, Take, Take, Take] [true, true, true]\n\
             our INVITE: [Pending, Pending, Take, Take] [false, true, true]\n\
             their INVITE: [Later, Later, Take, Take] [false, true, true]\n\
             our UPDATE: [Take, Take, Take, Take] [true, false, false]\n\
             their UPDATE: [Take, Take, Later, Later] [true, true, true]\n\
             our offer: [Take, Pending, Take, Pending] [false, true, false]\n\
             their offer: [Take, Later, Take, Later] [false, true, false]\n"
        );
    }

    #[test]
    fn of_several_things_under_way_the_strictest_counts() {
        for (_, one) in lines() {
            for (_, other) in lines() {
                let offer = match (one.offer, other.offer) {
                    (Offer::None, offer) | (offer, Offer::None) => offer,
                    (one, other) if one == other => one,
                    // Offers of both sides are never under way together.
                    _ => continue,
                };
                let both = Exchange {
                    our_invite: one.our_invite || other.our_invite,
                    their_invite: one.their_invite || other.their_invite,
                    our_update: one.our_update || other.our_update,
                    their_update: one.their_update || other.their_update,
                    offer,
                };
                for arrival in ARRIVALS {
                    let strictness = |exchange: Exchange| match exchange.admit(arrival) {
                        Admission::Take => 0,
                        Admission::Pending => 1,
                        Admission::Later => 2,
                    };
                    let strictest = strictness(one).max(strictness(other));
                    assert_eq!(strictness(both), strictest, "{one:?} {other:?} {arrival:?}");
                    let allowed = one.allows(arrival) && other.allows(arrival);
                    assert_eq!(both.allows(arrival), allowed);
                }
            }
        }
    }

    #[test]
    fn descriptions_are_offers_and_answers_in_turn() {
        let mut exchange = Exchange::default();
        exchange.description_sent();
        assert_eq!(exchange.offer, Offer::Ours);
        exchange.description_received();
        assert_eq!(exchange.offer, Offer::None);
        exchange.description_received();
        assert_eq!(exchange.offer, Offer::Theirs);
        exchange.description_sent();
        assert_eq!(exchange.offer, Offer::None);
    }
}
