//! Comparison of tel URIs (RFC 3966 §4).

use alloc::vec::Vec;

use super::{TelUri, digits};
use crate::Parameter;
use crate::percent::{self, Case};

impl<S: AsRef<str>> TelUri<S> {
    /// Whether two URIs are equivalent as RFC 3966 §4 has it: the same number and the same
    /// parameters, visual separators, case and order apart.
    pub fn equivalent<T: AsRef<str>>(&self, other: &TelUri<T>) -> bool {
        let (a, b) = (self.view(), other.view());
        let (parameters_a, parameters_b) = (sorted(&a), sorted(&b));
        a.is_global() == b.is_global()
            && digits(a.number()).eq(digits(b.number()))
            && parameters_a.len() == parameters_b.len()
            && parameters_a
                .iter()
                .zip(&parameters_b)
                .all(|(a, b)| matches(a, b))
    }
}

fn sorted<'a>(uri: &TelUri<&'a str>) -> Vec<Parameter<'a>> {
    let mut parameters: Vec<_> = uri.parameters().collect();
    parameters.sort_by(|a, b| a.folded_name().cmp(b.folded_name()));
    parameters
}

fn matches(a: &Parameter<'_>, b: &Parameter<'_>) -> bool {
    if !a.folded_name().eq(b.folded_name()) {
        return false;
    }
    match (a.value(), b.value()) {
        (Some(a_value), Some(b_value)) if is_number(a, a_value) && is_number(b, b_value) => {
            digits(a_value).eq(digits(b_value))
        }
        (Some(a), Some(b)) => {
            percent::folded(a, Case::Ignored).eq(percent::folded(b, Case::Ignored))
        }
        (a, b) => a == b,
    }
}

/// Whether the value is compared digit by digit: an extension, or a context that is a number.
fn is_number(parameter: &Parameter<'_>, value: &str) -> bool {
    parameter.is("ext") || parameter.is("phone-context") && value.starts_with('+')
}
