//! Everything that a message's RFC asks of it, beyond its structure (RFC 3261 §8.1.1, §20).

use alloc::vec::Vec;

use super::MessageRef;
use crate::{
    Defect, DefectKind, HeaderName, Shape,
    headers::{CSeq, CallId, From, Header, MaxForwards, To, Via},
};

impl<'a> MessageRef<'a> {
    /// The defects of the structure and of the values in every header field whose grammar this
    /// crate knows, in the order of the message; what is missing comes last.
    #[must_use]
    pub fn check(self) -> Vec<Defect> {
        let mut defects = self.defects().to_vec();
        self.check_repeated(&mut defects);
        self.check_values::<Via<'a>>(&mut defects);
        self.check_values::<From<'a>>(&mut defects);
        self.check_values::<To<'a>>(&mut defects);
        self.check_values::<CallId<'a>>(&mut defects);
        self.check_values::<CSeq<'a>>(&mut defects);
        self.check_values::<MaxForwards>(&mut defects);
        self.check_method(&mut defects);
        defects.sort_by_key(|defect| defect.span().start);
        self.check_missing(&mut defects);
        defects
    }

    fn check_values<T: Header<'a>>(self, defects: &mut Vec<Defect>) {
        for element in self.elements(T::NAME) {
            let span = element.offset..element.offset + element.value.len();
            if let Err(error) = crate::headers::read_element::<T>(element) {
                defects.push(Defect::new(DefectKind::Invalid(T::NAME, error), span));
            }
        }
    }

    fn check_repeated(self, defects: &mut Vec<Defect>) {
        for (at, field) in self.fields().enumerate() {
            let Some(name) = field.known().filter(|name| name.shape() == Shape::Single) else {
                continue;
            };
            if self.first_row(name) < at {
                defects.push(Defect::new(DefectKind::Repeated(name), field.value_span()));
            }
        }
    }

    fn check_method(self, defects: &mut Vec<Defect>) {
        if let (Some(method), Ok(cseq), Some(field)) =
            (self.method(), self.cseq(), self.first(HeaderName::CSeq))
        {
            if cseq.method != method {
                defects.push(Defect::new(DefectKind::CSeqMethod, field.value_span()));
            }
        }
    }

    fn check_missing(self, defects: &mut Vec<Defect>) {
        let at = self.body_offset();
        for name in MANDATORY {
            if self.first(name).is_none() {
                defects.push(Defect::new(DefectKind::Missing(name), at..at));
            }
        }
        if self.is_request() && self.first(HeaderName::MaxForwards).is_none() {
            defects.push(Defect::new(
                DefectKind::Missing(HeaderName::MaxForwards),
                at..at,
            ));
        }
    }
}

/// What every message has (RFC 3261 §8.1.1, §8.2.6.2).
const MANDATORY: [HeaderName; 5] = [
    HeaderName::Via,
    HeaderName::From,
    HeaderName::To,
    HeaderName::CallId,
    HeaderName::CSeq,
];
