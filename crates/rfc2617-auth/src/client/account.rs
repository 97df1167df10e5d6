//! Whose secret a client uses.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::text::is_quotable;
use crate::{BasicCredentials, Ha1, Hash, InvalidText};

/// A user name with its password, or with what is stored instead. `Debug` shows no secret.
#[derive(Clone)]
pub struct Account {
    username: String,
    secret: Secret,
}

#[derive(Clone)]
enum Secret {
    Password(Zeroizing<String>),
    Stored(Vec<Ha1>),
}

impl Account {
    /// A name and a password, both as they are: prepare what people type after RFC 7616 §4 before.
    ///
    /// # Errors
    ///
    /// The name has control characters.
    pub fn new(username: &str, password: &str) -> Result<Account, InvalidText> {
        Account::of(
            username,
            Secret::Password(Zeroizing::new(password.to_owned())),
        )
    }

    /// A name and H(A1) for one realm, one for each hash function that is to be answered.
    ///
    /// # Errors
    ///
    /// The name has control characters.
    pub fn with_ha1(username: &str, stored: Vec<Ha1>) -> Result<Account, InvalidText> {
        Account::of(username, Secret::Stored(stored))
    }

    fn of(username: &str, secret: Secret) -> Result<Account, InvalidText> {
        if !is_quotable(username) {
            return Err(InvalidText { field: "username" });
        }
        let username = username.to_owned();
        Ok(Account { username, secret })
    }

    /// The name.
    pub fn username(&self) -> &str {
        &self.username
    }

    pub(crate) fn ha1(&self, hash: Hash, realm: &str) -> Option<Ha1> {
        match &self.secret {
            Secret::Password(password) => Some(Ha1::new(hash, &self.username, realm, password)),
            Secret::Stored(stored) => stored.iter().find(|ha1| ha1.hash() == hash).cloned(),
        }
    }

    pub(crate) fn basic(&self) -> Option<BasicCredentials> {
        match &self.secret {
            Secret::Password(password) => BasicCredentials::new(&self.username, password).ok(),
            Secret::Stored(_) => None,
        }
    }
}

/// Secrets are compared in constant time.
impl PartialEq for Account {
    fn eq(&self, other: &Account) -> bool {
        self.username == other.username
            && match (&self.secret, &other.secret) {
                (Secret::Password(ours), Secret::Password(theirs)) => {
                    bool::from(ours.as_bytes().ct_eq(theirs.as_bytes()))
                }
                (Secret::Stored(ours), Secret::Stored(theirs)) => ours == theirs,
                _ => false,
            }
    }
}

impl Eq for Account {}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}
