//! PASSWORD-ALGORITHM and PASSWORD-ALGORITHMS: how the key is made from the password.
//! RFC 8489 §14.11, §14.12, §18.5.

use super::{Attribute, AttributeValue};
use crate::attribute_type::AttributeType;
use crate::error::{ErrorKind, ParseError, Rule};

/// The number of a password algorithm, from an open registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Algorithm(pub u16);

impl Algorithm {
    /// MD5, without parameters.
    pub const MD5: Algorithm = Algorithm(1);
    /// SHA-256, without parameters.
    pub const SHA256: Algorithm = Algorithm(2);
}

/// PASSWORD-ALGORITHM: an algorithm with its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PasswordAlgorithm<'a> {
    algorithm: Algorithm,
    parameters: &'a [u8],
}

impl PasswordAlgorithm<'static> {
    /// MD5.
    pub const MD5: Self = PasswordAlgorithm {
        algorithm: Algorithm::MD5,
        parameters: &[],
    };
    /// SHA-256.
    pub const SHA256: Self = PasswordAlgorithm {
        algorithm: Algorithm::SHA256,
        parameters: &[],
    };
}

impl<'a> PasswordAlgorithm<'a> {
    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its parameters; MD5 and SHA-256 have none.
    pub fn parameters(&self) -> &'a [u8] {
        self.parameters
    }

    /// The first algorithm of a list, and what follows its padding. Padding that is missing at
    /// the end is not missed: an attribute's own padding may stand for it.
    fn split(list: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&[a, b, c, d], rest) = list.split_first_chunk::<4>()?;
        let len = usize::from(u16::from_be_bytes([c, d]));
        let parameters = rest.get(..len)?;
        let rest = rest.get((len + 3) & !3..).unwrap_or(&[]);
        Some((
            PasswordAlgorithm {
                algorithm: Algorithm(u16::from_be_bytes([a, b])),
                parameters,
            },
            rest,
        ))
    }
}

impl<'a> AttributeValue<'a> for PasswordAlgorithm<'a> {
    const TYPE: AttributeType = AttributeType::PASSWORD_ALGORITHM;

    fn read(attribute: &Attribute<'a>) -> Result<Self, ParseError> {
        match PasswordAlgorithm::split(attribute.value()) {
            Some((algorithm, [])) => Ok(algorithm),
            _ => Err(attribute.error(ErrorKind::AttributeLength, 0, &ONE)),
        }
    }

    fn value_len(&self) -> usize {
        4 + self.parameters.len()
    }

    fn write(&self, value: &mut [u8], _: &[u8; 16]) {
        let Some((head, parameters)) = value.split_first_chunk_mut::<4>() else {
            return;
        };
        let [a, b] = self.algorithm.0.to_be_bytes();
        // Parameters come from a received attribute, so their length fits.
        let [_, _, c, d] = (self.parameters.len() as u32).to_be_bytes();
        *head = [a, b, c, d];
        parameters.copy_from_slice(self.parameters);
    }
}

/// PASSWORD-ALGORITHMS: what a server offers, in its order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PasswordAlgorithms<'a>(&'a [u8]);

impl PasswordAlgorithms<'static> {
    /// SHA-256, then MD5.
    pub const SHA256_MD5: Self = PasswordAlgorithms(&[0, 2, 0, 0, 0, 1, 0, 0]);
    /// SHA-256 only.
    pub const SHA256: Self = PasswordAlgorithms(&[0, 2, 0, 0]);
}

impl<'a> PasswordAlgorithms<'a> {
    /// The list as it is written.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The algorithms, in order.
    pub fn iter(&self) -> PasswordAlgorithmsIter<'a> {
        PasswordAlgorithmsIter(self.0)
    }
}

impl<'a> IntoIterator for PasswordAlgorithms<'a> {
    type Item = PasswordAlgorithm<'a>;
    type IntoIter = PasswordAlgorithmsIter<'a>;

    fn into_iter(self) -> PasswordAlgorithmsIter<'a> {
        self.iter()
    }
}

/// An iterator over the algorithms of [`PasswordAlgorithms`].
#[derive(Debug, Clone)]
pub struct PasswordAlgorithmsIter<'a>(&'a [u8]);

impl<'a> Iterator for PasswordAlgorithmsIter<'a> {
    type Item = PasswordAlgorithm<'a>;

    fn next(&mut self) -> Option<PasswordAlgorithm<'a>> {
        let (algorithm, rest) = PasswordAlgorithm::split(self.0)?;
        self.0 = rest;
        Some(algorithm)
    }
}

impl<'a> AttributeValue<'a> for PasswordAlgorithms<'a> {
    const TYPE: AttributeType = AttributeType::PASSWORD_ALGORITHMS;

    fn read(attribute: &Attribute<'a>) -> Result<Self, ParseError> {
        let value = attribute.value();
        let mut rest = value;
        while !rest.is_empty() {
            let at = value.len() - rest.len();
            rest = PasswordAlgorithm::split(rest)
                .ok_or_else(|| attribute.error(ErrorKind::AttributeLength, at, &LIST))?
                .1;
        }
        Ok(PasswordAlgorithms(value))
    }

    fn value_len(&self) -> usize {
        self.0.len()
    }

    fn write(&self, value: &mut [u8], _: &[u8; 16]) {
        value.copy_from_slice(self.0);
    }
}

static ONE: Rule = Rule {
    field: "PASSWORD-ALGORITHM",
    expected: "one algorithm with its parameters",
    section: "RFC 8489 §14.12",
};
static LIST: Rule = Rule {
    field: "PASSWORD-ALGORITHMS",
    expected: "algorithms with their parameters",
    section: "RFC 8489 §14.11",
};
