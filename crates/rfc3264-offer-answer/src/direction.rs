//! The algebra of directions (§5.1, §6.1, §8.4).

use rfc4566_sdp::Direction;

/// The direction of what flows only if it flows in both.
pub(crate) const fn intersection(left: Direction, right: Direction) -> Direction {
    match (
        left.sends() && right.sends(),
        left.receives() && right.receives(),
    ) {
        (true, true) => Direction::SendRecv,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::RecvOnly,
        (false, false) => Direction::Inactive,
    }
}

/// What remains on hold: the peer is asked not to send (§8.4).
pub(crate) const fn held(direction: Direction) -> Direction {
    intersection(direction, Direction::SendOnly)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};

    #[test]
    fn answers_to_every_direction() {
        // Offered, wanted by the answerer, answered (§6.1).
        for (offered, wanted, answered) in [
            (SendRecv, SendRecv, SendRecv),
            (SendRecv, SendOnly, SendOnly),
            (SendRecv, RecvOnly, RecvOnly),
            (SendRecv, Inactive, Inactive),
            (SendOnly, SendRecv, RecvOnly),
            (SendOnly, SendOnly, Inactive),
            (SendOnly, RecvOnly, RecvOnly),
            (SendOnly, Inactive, Inactive),
            (RecvOnly, SendRecv, SendOnly),
            (RecvOnly, SendOnly, SendOnly),
            (RecvOnly, RecvOnly, Inactive),
            (RecvOnly, Inactive, Inactive),
            (Inactive, SendRecv, Inactive),
            (Inactive, SendOnly, Inactive),
            (Inactive, RecvOnly, Inactive),
            (Inactive, Inactive, Inactive),
        ] {
            assert_eq!(intersection(wanted, offered.reversed()), answered);
        }
    }

    #[test]
    fn hold_takes_receiving_away() {
        assert_eq!(
            [SendRecv, SendOnly, RecvOnly, Inactive].map(held),
            [SendOnly, SendOnly, Inactive, Inactive]
        );
    }
}
